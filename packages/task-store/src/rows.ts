import type { Database } from './database.js';
import { Prisma, type Task as Row } from './generated/client.js';
import { type Task, toTask } from './task.js';

/** Every column under the name that Prisma gives it, for raw statements. */
export const COLUMNS = Prisma.sql`
  seq, id, kind, owner, state, version, progress, model, upstream_model AS "upstreamModel", prompt, params, origin,
  created_at AS "createdAt", started_at AS "startedAt", ended_at AS "endedAt", deleted_at AS "deletedAt",
  callback_url AS "callbackUrl", traceparent, attempts, claim_losses AS "claimLosses",
  claim_token::text AS "claimToken", claim_worker AS "claimWorker", claim_expires_at AS "claimExpiresAt",
  submit_intent_at AS "submitIntentAt", credential_id AS "credentialId", upstream_job_id AS "upstreamJobId",
  result, error_code AS "errorCode", error_message AS "errorMessage", cost_usd_ticks AS "costUsdTicks"`;

/** Tasks that a raw statement returns with `COLUMNS`. */
export async function queryTasks(database: Pick<Database, '$queryRaw'>, statement: Prisma.Sql): Promise<Task[]> {
  const rows = await database.$queryRaw<Row[]>(statement);
  return rows.map(toTask);
}
