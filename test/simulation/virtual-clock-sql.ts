/**
 * What makes a database of tasks one under a virtual clock: its time, the functions that tell it in place of the
 * server's, and a history of every write that no code of the store can leave out.
 */
export const VIRTUAL_CLOCK_SQL = [
  'CREATE SCHEMA clock',
  'CREATE TABLE clock.reading (at timestamptz NOT NULL, server_started_at timestamptz NOT NULL)',
  'CREATE SEQUENCE clock.ticks',
  `CREATE FUNCTION clock.now() RETURNS timestamptz LANGUAGE sql STABLE AS
    'SELECT at FROM clock.reading'`,
  // The real one goes on within a transaction and never says the same time twice.
  `CREATE FUNCTION clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
    $$SELECT at + nextval('clock.ticks') * interval '1 microsecond' FROM clock.reading$$`,
  `CREATE FUNCTION clock.pg_postmaster_start_time() RETURNS timestamptz LANGUAGE sql STABLE AS
    'SELECT server_started_at FROM clock.reading'`,
  // CURRENT_TIMESTAMP is no function and cannot be hidden.
  'ALTER TABLE public.tasks ALTER COLUMN created_at SET DEFAULT clock.now()',
  `CREATE UNLOGGED TABLE clock.history (
    n bigserial PRIMARY KEY, what text NOT NULL, at timestamptz NOT NULL, id text, owner text NOT NULL,
    upstream_model text, state text, version int, progress int, claim_token uuid, claim_expires_at timestamptz,
    submit_intent_at timestamptz, credential_id text, upstream_job_id text, error_code text, deleted_at timestamptz)`,
  `CREATE FUNCTION clock.record_task() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE task public.tasks;
    BEGIN
      IF TG_OP = 'DELETE' THEN task := OLD; ELSE task := NEW; END IF;
      INSERT INTO clock.history (what, at, id, owner, upstream_model, state, version, progress, claim_token,
        claim_expires_at, submit_intent_at, credential_id, upstream_job_id, error_code, deleted_at)
      VALUES (CASE TG_OP WHEN 'DELETE' THEN 'removed' ELSE 'written' END, clock.now(), task.id, task.owner,
        task.upstream_model, task.state, task.version, task.progress, task.claim_token, task.claim_expires_at,
        task.submit_intent_at, task.credential_id, task.upstream_job_id, task.error_code, task.deleted_at);
      RETURN NULL;
    END $$`,
  `CREATE FUNCTION clock.record_owner() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO clock.history (what, at, owner) VALUES ('owner forgotten', clock.now(), OLD.owner);
      RETURN NULL;
    END $$`,
  `CREATE TRIGGER record AFTER INSERT OR UPDATE OR DELETE ON public.tasks
    FOR EACH ROW EXECUTE FUNCTION clock.record_task()`,
  `CREATE TRIGGER record AFTER DELETE ON public.owner_queue FOR EACH ROW EXECUTE FUNCTION clock.record_owner()`,
  `CREATE FUNCTION clock.begin(start timestamptz) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      TRUNCATE public.tasks, public.owner_queue, public.leases, clock.reading, clock.history;
      INSERT INTO clock.reading VALUES (start, start - interval '1 day');
    END $$`,
];
