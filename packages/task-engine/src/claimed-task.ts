import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus, Subscription } from '@grok2api/bus';
import { callbackDue, hasEnded, type TaskError, type TaskResult } from '@grok2api/contracts';
import type { Logger, ReachRacePoint } from '@grok2api/service-kit';
import {
  type Claim,
  ClaimLostError,
  type Claims,
  StoreUnavailableError,
  type Task,
  toTaskEvent,
} from '@grok2api/task-store';
import type { EngineMetrics } from './engine-metrics.js';
import type { TaskRacePoint } from './race-points.js';

/** The task is not this worker's any more: it was cancelled, deleted, ended or taken over. Nothing is to be done. */
export class TaskLeftError extends Error {
  override readonly name = 'TaskLeftError';
  constructor(taskId: string, reason: string) {
    super(`${taskId} is left: ${reason}`);
  }
}

export interface ClaimedTaskOptions {
  task: Task;
  token: string;
  claimTtlMs: number;
  claims: Claims;
  bus: Bus;
  log: Logger;
  metrics: EngineMetrics;
  /** Aborted when the task is to be handed back as soon as that is safe. */
  stopping: AbortSignal;
  /** Called whenever the database does not answer. */
  onStoreAway: () => void;
  reached?: ReachRacePoint<TaskRacePoint> | undefined;
}

const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 2_000;
/** How long a process that stops goes on trying to write. */
const STOPPING_PATIENCE_MS = 5_000;

/**
 * A task in the hands of this worker. Each method is one fenced write and one event; while the database is away
 * it tries again until the claim is known to be lost, or for some seconds when this process stops. The claim is renewed in the background until `close`.
 */
export class ClaimedTask {
  readonly stopping: AbortSignal;
  readonly log: Logger;
  readonly #options: ClaimedTaskOptions;
  readonly #claim: Claim;
  readonly #left = new AbortController();
  readonly #renewal: NodeJS.Timeout;
  readonly #cancels: Subscription;
  #task: Task;

  constructor(options: ClaimedTaskOptions) {
    const { task, token, claimTtlMs, bus, log, stopping } = options;
    this.#options = options;
    this.#task = task;
    this.#claim = { taskId: task.id, token };
    this.stopping = stopping;
    this.log = log.child({ task_id: task.id, owner: task.owner });
    // Three chances to renew before the claim runs out.
    this.#renewal = setInterval(() => void this.#renew(), claimTtlMs / 3);
    this.#cancels = bus.onCancel(task.id, () => this.#leave('cancelled'));
  }

  /** The row as it was last written or read. */
  get task(): Task {
    return this.#task;
  }

  /** Aborted as soon as the task is known to be no longer this worker's. */
  get left(): AbortSignal {
    return this.#left.signal;
  }

  /** @throws TaskLeftError when the task is known to be no longer this worker's */
  throwIfLeft(): void {
    if (this.left.aborted) throw new TaskLeftError(this.#task.id, String(this.left.reason));
  }

  /** For tests, which may kill or stop this process there. */
  reached(point: TaskRacePoint): void {
    this.#options.reached?.(point);
  }

  /** Records that the upstream is about to be asked with this credential. @throws TaskLeftError */
  intend(credentialId: string): Promise<void> {
    return this.#write(() => this.#options.claims.intend(this.#claim, credentialId));
  }

  /** Records that the upstream is about to be asked for what it answers with at once. @throws TaskLeftError */
  begin(credentialId: string): Promise<void> {
    return this.#write(() => this.#options.claims.begin(this.#claim, credentialId));
  }

  /** Records that the upstream provably did not take the task. @throws TaskLeftError */
  retract(): Promise<void> {
    return this.#write(() => this.#options.claims.retract(this.#claim));
  }

  /** Records the upstream's job. @throws TaskLeftError */
  async submit(upstreamJobId: string): Promise<void> {
    await this.#write(() => this.#options.claims.submit(this.#claim, upstreamJobId));
    this.log.info('submitted to the upstream');
  }

  /** Records progress (whole, 0 to 100; a lower one than before is ignored). @throws TaskLeftError */
  async advance(progress: number): Promise<void> {
    await this.#write(() => this.#options.claims.advance(this.#claim, progress, this.#options.claimTtlMs));
    this.reached('after-progress');
  }

  /** Ends the task with what it made. @throws TaskLeftError */
  async complete(result: TaskResult, costUsdTicks?: number): Promise<void> {
    this.reached('before-commit');
    await this.#write(() => this.#options.claims.complete(this.#claim, result, costUsdTicks));
    this.log.info({ media: result.media }, 'completed');
  }

  /** Ends the task as failed. @throws TaskLeftError */
  async fail(error: TaskError): Promise<void> {
    await this.#write(() => this.#options.claims.fail(this.#claim, error));
    this.log.warn({ code: error.code, reason: error.message }, 'failed');
  }

  /** Gives the task back unfinished and wakes another worker for it. @throws TaskLeftError */
  async handBack(): Promise<void> {
    await this.#write(() => this.#options.claims.handBack(this.#claim));
    this.#options.metrics.handBacks.inc({ kind: this.#task.kind });
    this.#options.bus.wakeUps.send(this.#task.kind);
    this.log.info('handed back');
  }

  /** Stops renewing the claim and listening for a cancel. */
  close(): void {
    clearInterval(this.#renewal);
    this.#cancels.unsubscribe();
  }

  async #write(write: () => Promise<Task>): Promise<void> {
    let waitedWhileStopping = 0;
    for (let wait = FIRST_RETRY_MS; ; wait = Math.min(wait * 2, LONGEST_RETRY_MS)) {
      this.throwIfLeft();
      try {
        this.#written(await write());
        return;
      } catch (err) {
        if (err instanceof ClaimLostError) {
          this.#leave('claim_lost');
          throw new TaskLeftError(this.#task.id, 'the claim is lost');
        }
        if (!(err instanceof StoreUnavailableError)) throw err;
        this.#options.onStoreAway();
        this.log.warn({ err }, 'the task database is away, trying again');
        if (this.stopping.aborted) waitedWhileStopping += wait;
        if (waitedWhileStopping > STOPPING_PATIENCE_MS) throw err;
        await sleep(wait);
      }
    }
  }

  #written(task: Task): void {
    const seen = this.#task.version;
    this.#task = task;
    if (hasEnded(task.state)) this.reached('after-commit');
    if (task.version > seen) this.#options.bus.publishTaskEvent(toTaskEvent(task));
    if (!hasEnded(task.state)) return;
    if (task.callbackUrl !== undefined) this.#options.bus.publish(callbackDue, {});
    this.close();
  }

  async #renew(): Promise<void> {
    if (this.left.aborted) return;
    try {
      await this.#options.claims.renew(this.#claim, this.#options.claimTtlMs);
    } catch (err) {
      if (err instanceof ClaimLostError) {
        this.#leave('claim_lost');
        return;
      }
      if (err instanceof StoreUnavailableError) this.#options.onStoreAway();
      this.log.warn({ err }, 'the claim could not be renewed');
    }
  }

  #leave(reason: 'cancelled' | 'claim_lost'): void {
    if (this.left.aborted) return;
    this.#options.metrics.left.inc({ kind: this.#task.kind, reason });
    this.close();
    this.log.info({ reason }, 'leaving the task');
    this.#left.abort(reason);
  }
}
