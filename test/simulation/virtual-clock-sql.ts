import { CLOCK_SQL } from './clock-sql.js';

/**
 * What makes a database of tasks one under a virtual clock: its time, and a history of every write that no code of the
 * store can leave out.
 */
export const VIRTUAL_CLOCK_SQL = [
  ...CLOCK_SQL,
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
      TRUNCATE public.tasks, public.callbacks, public.owner_queue, public.leases, clock.reading, clock.history;
      INSERT INTO clock.reading VALUES (start, start - interval '1 day');
    END $$`,
];
