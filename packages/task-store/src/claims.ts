import { hasEnded, type TaskError, type TaskResult } from '@grok2api/contracts';
import { type Database, withDatabase } from './database.js';
import type { Ends } from './ends.js';
import { Prisma } from './generated/client.js';
import { COLUMNS, queryTasks } from './rows.js';
import { type TaskChange, transition } from './states.js';
import type { Task } from './task.js';

/** A worker's claim on a task: names every write of that worker. */
export interface Claim {
  taskId: string;
  /** A UUID of this claim alone. */
  token: string;
}

/** The claim ran out and another worker has the task, or it was cancelled, deleted or ended: stop, it is not yours. */
export class ClaimLostError extends Error {
  override readonly name = 'ClaimLostError';
  constructor(readonly taskId: string) {
    super(`the claim on ${taskId} is lost`);
  }
}

/** What a worker writes to a task that it has claimed. Every write names the claim's token. */
export class Claims {
  constructor(
    private readonly database: Database,
    private readonly ends: Ends,
  ) {}

  /** Holds the claim for `ttlMs` from now. @throws ClaimLostError, StoreUnavailableError */
  renew(claim: Claim, ttlMs: number): Promise<Task> {
    return this.#write('renew', claim, Prisma.sql`claim_expires_at = ${expiry(ttlMs)}`);
  }

  /** Gives the task back unfinished, for another worker at once. @throws ClaimLostError, StoreUnavailableError */
  handBack(claim: Claim): Promise<Task> {
    return this.#write('handBack', claim, NO_CLAIM);
  }

  /** Records that the upstream is about to be asked. @throws ClaimLostError, StoreUnavailableError */
  intend(claim: Claim, credentialId: string): Promise<Task> {
    return this.#write('intend', claim, Prisma.sql`submit_intent_at = now(), credential_id = ${credentialId}`);
  }

  /**
   * Records that the upstream is about to be asked for what it answers with at once, without a job: the task runs.
   * @throws ClaimLostError, StoreUnavailableError
   */
  begin(claim: Claim, credentialId: string): Promise<Task> {
    return this.#write(
      'begin',
      claim,
      Prisma.sql`submit_intent_at = now(), credential_id = ${credentialId}, started_at = coalesce(started_at, now()),
        version = version + CASE WHEN state = 'pending' THEN 1 ELSE 0 END`,
    );
  }

  /**
   * Takes back that the upstream was asked: it provably did not take the task. One that runs already goes on running,
   * without a credential. @throws ClaimLostError, StoreUnavailableError
   */
  retract(claim: Claim): Promise<Task> {
    return this.#write(
      'retract',
      claim,
      Prisma.sql`submit_intent_at = CASE WHEN state = 'pending' THEN NULL ELSE submit_intent_at END,
        credential_id = NULL`,
    );
  }

  /** Records the upstream's job: the task runs. @throws ClaimLostError, StoreUnavailableError */
  submit(claim: Claim, upstreamJobId: string): Promise<Task> {
    return this.#write(
      'submit',
      claim,
      Prisma.sql`upstream_job_id = ${upstreamJobId}, started_at = now(), claim_losses = 0, version = version + 1`,
    );
  }

  /** Records progress, which never falls, and holds the claim. @throws ClaimLostError, StoreUnavailableError */
  advance(claim: Claim, progress: number, ttlMs: number): Promise<Task> {
    return this.#write(
      'advance',
      claim,
      Prisma.sql`version = version + CASE WHEN ${progress}::int > progress THEN 1 ELSE 0 END,
        claim_losses = CASE WHEN ${progress}::int > progress THEN 0 ELSE claim_losses END,
        progress = greatest(progress, ${progress}::int), claim_expires_at = ${expiry(ttlMs)}`,
    );
  }

  /** Ends the task with what it made. @throws ClaimLostError, StoreUnavailableError */
  complete(claim: Claim, result: TaskResult, costUsdTicks: number | undefined): Promise<Task> {
    return this.#write(
      'complete',
      claim,
      Prisma.sql`result = ${JSON.stringify(result)}::jsonb, cost_usd_ticks = ${costUsdTicks ?? null}, progress = 100,
        ended_at = now(), version = version + 1, ${NO_CLAIM}`,
    );
  }

  /** Ends the task as failed. @throws ClaimLostError, StoreUnavailableError */
  fail(claim: Claim, error: TaskError): Promise<Task> {
    return this.#write(
      'fail',
      claim,
      Prisma.sql`error_code = ${error.code}, error_message = ${error.message}, ended_at = now(),
        version = version + 1, ${NO_CLAIM}`,
    );
  }

  async #write(change: TaskChange, claim: Claim, set: Prisma.Sql): Promise<Task> {
    const { from, to } = transition(change);
    const state = to ? Prisma.sql`state = ${to},` : Prisma.empty;
    const statement = Prisma.sql`
      UPDATE tasks SET ${state} ${set}
      WHERE id = ${claim.taskId} AND claim_token = ${claim.token}::uuid AND state = ANY(${from})
      RETURNING ${COLUMNS}`;
    const [task] =
      to !== undefined && hasEnded(to)
        ? await this.ends.byStatement(statement)
        : await withDatabase(() => queryTasks(this.database, statement));
    if (!task) throw new ClaimLostError(claim.taskId);
    return task;
  }
}

const NO_CLAIM = Prisma.sql`claim_token = NULL, claim_worker = NULL, claim_expires_at = NULL`;

/** The end of a claim that begins now, by the database's clock. */
export function expiry(ttlMs: number): Prisma.Sql {
  return Prisma.sql`now() + ${ttlMs}::int * interval '1 millisecond'`;
}
