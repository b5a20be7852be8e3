import { Client } from 'pg';
import type { GrantEvent, Row, RowEvent, State } from './events.js';

const TABLE = 'public.fault_history';
/** What is watched: the tasks, and the slots of credentials. */
const WATCHED = ['public.tasks', 'pool.grants'];

/**
 * Has Postgres note every change of a task's row, and of a grant, in the same transaction: what is not committed is
 * not noted, and the changes of a row are noted in their order. Lost with the database, and with nothing else.
 */
export async function watchRows(databaseUrl: string): Promise<void> {
  await withClient(databaseUrl, async (client) => {
    await client.query(`
      CREATE TABLE ${TABLE} (
        n bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp(), relation text, op text, changed jsonb);
      CREATE FUNCTION public.fault_history_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO ${TABLE} (relation, op, changed)
        VALUES (TG_TABLE_NAME, TG_OP, to_jsonb(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END));
        RETURN NULL;
      END $$;`);
    for (const table of WATCHED) {
      await client.query(`
        CREATE TRIGGER fault_history AFTER INSERT OR UPDATE OR DELETE ON ${table}
        FOR EACH ROW EXECUTE FUNCTION public.fault_history_note()`);
    }
  });
}

type Change = { at: Date; relation: string; op: RowEvent['op']; changed: Record<string, unknown> };

/** Everything that was noted so far. */
export function readRows(databaseUrl: string): Promise<(RowEvent | GrantEvent)[]> {
  return withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<Change>(`SELECT at, relation, op, changed FROM ${TABLE} ORDER BY n`);
    return rows.map((change) => (change.relation === 'tasks' ? toRowEvent(change) : toGrantEvent(change)));
  });
}

async function withClient<Result>(databaseUrl: string, use: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

function toRowEvent({ at, op, changed }: Change): RowEvent {
  const text = (column: string) => (typeof changed[column] === 'string' ? changed[column] : null);
  const time = (column: string) => (typeof changed[column] === 'string' ? Date.parse(changed[column]) : null);
  const row: Row = {
    prompt: String(changed.prompt),
    state: stateOf(changed.state),
    version: Number(changed.version),
    progress: Number(changed.progress),
    claimToken: text('claim_token'),
    claimWorker: text('claim_worker'),
    claimExpiresAt: time('claim_expires_at'),
    submitIntentAt: time('submit_intent_at'),
    credentialId: text('credential_id'),
    upstreamJobId: text('upstream_job_id'),
    result: changed.result === null ? null : JSON.stringify(changed.result),
    errorCode: text('error_code'),
    callbackUrl: text('callback_url'),
  };
  return { source: 'row', at: at.getTime(), task: String(changed.id), op, row };
}

function toGrantEvent({ at, op, changed }: Change): GrantEvent {
  return {
    source: 'grant',
    at: at.getTime(),
    op,
    id: String(changed.id),
    credential: String(changed.credential_id),
    holder: String(changed.holder),
    slots: Number(changed.slots),
    expiresAt: Date.parse(String(changed.expires_at)),
  };
}

const STATES: readonly State[] = ['pending', 'running', 'completed', 'failed', 'cancelled'];

/** Parses what a server says is a state. */
export function stateOf(value: unknown): State {
  const state = STATES.find((each) => each === value);
  if (state === undefined) throw new Error(`${value} is no state`);
  return state;
}
