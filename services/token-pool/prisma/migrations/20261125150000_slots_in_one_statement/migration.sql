-- Takes slots of credentials for many grants in one statement, as far as there are any, in the order of the arrays.
-- `granted` is null for a credential that is gone or has changed since the version that the choice was made on; nothing
-- is taken of it. `in_use` is what is granted of the credential from then on.
--
-- Each statement of a function that is volatile sees what was committed before that statement began. So the count, which
-- comes after the lock, sees every grant of those who held the lock before.
CREATE FUNCTION "take_slots"(
  grant_ids text[], credential_ids text[], holders text[], slots_wanted int[], versions bigint[], lasting interval
) RETURNS TABLE (granted int, in_use int) LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
  -- In one order, so that two transactions never wait for each other.
  PERFORM FROM pool.credentials c WHERE c.id = ANY(credential_ids) AND c.max_concurrency > 0
    ORDER BY c.id FOR NO KEY UPDATE;

  DELETE FROM pool.grants WHERE id IN (
    SELECT id FROM pool.grants
    WHERE credential_id = ANY(credential_ids) AND expires_at <= clock_timestamp()
      AND clock_timestamp() > pg_postmaster_start_time() + lasting
    FOR UPDATE SKIP LOCKED);

  RETURN QUERY
  WITH asked AS (
    SELECT * FROM unnest(grant_ids, credential_ids, holders, slots_wanted, versions) WITH ORDINALITY
      AS a(grant_id, credential_id, holder, slots, version, place)
  ), room AS (
    SELECT c.id AS credential_id, c.changed_in AS version, c.max_concurrency,
      (SELECT coalesce(sum(g.slots), 0)::int FROM pool.grants g WHERE g.credential_id = c.id) AS used
    FROM pool.credentials c WHERE c.id = ANY(credential_ids)
  ), decided AS (
    SELECT a.*, r.max_concurrency, r.used, CASE
        WHEN r.version <> a.version THEN NULL
        WHEN r.max_concurrency = 0 THEN a.slots
        ELSE greatest(0, least(a.slots, r.max_concurrency - r.used - coalesce(sum(a.slots) OVER before, 0)))::int
      END AS granted
    FROM asked a LEFT JOIN room r USING (credential_id)
    WINDOW before AS (PARTITION BY a.credential_id ORDER BY a.place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
  ), taken AS (
    INSERT INTO pool.grants (id, credential_id, holder, slots, expires_at)
    -- Not now(): that is when the transaction began, before it waited for the lock.
    SELECT grant_id, credential_id, holder, granted, clock_timestamp() + lasting
    FROM decided WHERE max_concurrency > 0 AND granted > 0
  )
  SELECT granted, (used + coalesce(sum(granted) OVER (PARTITION BY credential_id), 0))::int
  FROM decided ORDER BY place;
END $$;
