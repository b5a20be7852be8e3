import type { TaskError, TaskKind, TaskResult } from '@grok2api/contracts';
import { type Database, withDatabase } from './database.js';
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

/** Who claims, and for how long. */
export interface Claimant {
  kind: TaskKind;
  worker: string;
  token: string;
  ttlMs: number;
}

/** The claim ran out and another worker has the task, or it was cancelled, deleted or ended: stop, it is not yours. */
export class ClaimLostError extends Error {
  override readonly name = 'ClaimLostError';
  constructor(readonly taskId: string) {
    super(`the claim on ${taskId} is lost`);
  }
}

/** What workers do with tasks. Every write but the claim itself names the claim's token. */
export class Claims {
  constructor(private readonly database: Database) {}

  /**
   * Claims a task that somebody began: one whose upstream may have been asked, left by a worker that died or
   * stopped. It needs no grant, for nothing new is asked for. @throws StoreUnavailableError
   */
  claimBegun(claimant: Claimant): Promise<Task | undefined> {
    return this.#claim(claimant, Prisma.sql`submit_intent_at IS NOT NULL`);
  }

  /** Claims the oldest task of these upstream models that nobody has begun. @throws StoreUnavailableError */
  claimFresh(claimant: Claimant, upstreamModels: readonly string[]): Promise<Task | undefined> {
    return this.#claim(claimant, Prisma.sql`submit_intent_at IS NULL AND upstream_model = ANY(${[...upstreamModels]})`);
  }

  /** Whether there is any task to claim. @throws StoreUnavailableError */
  async anyClaimable(kind: TaskKind): Promise<boolean> {
    const [found] = await withDatabase(
      () => this.database.$queryRaw<{ found: boolean }[]>`
        SELECT EXISTS (SELECT 1 FROM tasks WHERE kind = ${kind} AND ${CLAIMABLE}) AS found`,
    );
    return found?.found ?? false;
  }

  async #claim(claimant: Claimant, chosen: Prisma.Sql): Promise<Task | undefined> {
    const [task] = await withDatabase(() =>
      queryTasks(
        this.database,
        Prisma.sql`
          UPDATE tasks SET claim_token = ${claimant.token}::uuid, claim_worker = ${claimant.worker},
            claim_expires_at = ${expiry(claimant.ttlMs)}
          WHERE seq = (
            SELECT seq FROM tasks WHERE kind = ${claimant.kind} AND ${CLAIMABLE} AND ${chosen}
            ORDER BY seq LIMIT 1 FOR UPDATE SKIP LOCKED)
          RETURNING ${COLUMNS}`,
      ),
    );
    return task;
  }

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

  /** Takes the intent back: the upstream provably did not take the task. @throws ClaimLostError, StoreUnavailableError */
  retract(claim: Claim): Promise<Task> {
    return this.#write('retract', claim, Prisma.sql`submit_intent_at = NULL, credential_id = NULL`);
  }

  /** Records the upstream's job: the task runs. @throws ClaimLostError, StoreUnavailableError */
  submit(claim: Claim, upstreamJobId: string): Promise<Task> {
    return this.#write(
      'submit',
      claim,
      Prisma.sql`upstream_job_id = ${upstreamJobId}, started_at = now(), version = version + 1`,
    );
  }

  /** Records progress, which never falls, and holds the claim. @throws ClaimLostError, StoreUnavailableError */
  advance(claim: Claim, progress: number, ttlMs: number): Promise<Task> {
    return this.#write(
      'advance',
      claim,
      Prisma.sql`version = version + CASE WHEN ${progress}::int > progress THEN 1 ELSE 0 END,
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
    const [task] = await withDatabase(() =>
      queryTasks(
        this.database,
        Prisma.sql`
          UPDATE tasks SET ${state} ${set}
          WHERE id = ${claim.taskId} AND claim_token = ${claim.token}::uuid AND state = ANY(${from})
          RETURNING ${COLUMNS}`,
      ),
    );
    if (!task) throw new ClaimLostError(claim.taskId);
    return task;
  }
}

const NO_CLAIM = Prisma.sql`claim_token = NULL, claim_worker = NULL, claim_expires_at = NULL`;

/** Open, and nobody works on it, by the database's clock. */
export const CLAIMABLE = Prisma.sql`
  state IN ('pending', 'running') AND (claim_expires_at IS NULL OR claim_expires_at < now())`;

function expiry(ttlMs: number): Prisma.Sql {
  return Prisma.sql`now() + ${ttlMs}::int * interval '1 millisecond'`;
}
