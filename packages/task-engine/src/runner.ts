import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '@grok2api/bus';
import type { TaskKind } from '@grok2api/contracts';
import { inSpan, type Logger, linksTo, type ReachRacePoint } from '@grok2api/service-kit';
import { type Claimant, type Claims, type Queue, StoreUnavailableError, type Task } from '@grok2api/task-store';
import { SpanKind } from '@opentelemetry/api';
import { ClaimedTask, TaskLeftError } from './claimed-task.js';
import type { EngineMetrics } from './engine-metrics.js';
import type { TaskRacePoint } from './race-points.js';
import { Solitude } from './solitude.js';
import { suspicion } from './suspicion.js';

/** What a slot needs of a grant before it claims a task that nobody has begun. */
export interface SlotGrant {
  status: 'granted';
  /** Upstream models it may be used for. */
  models: readonly string[];
  /** Never rejects. */
  release(): Promise<void>;
}

/** A task that was claimed: without a grant when somebody has begun it. */
interface Taken<Grant> {
  task: Task;
  token: string;
  grant: Grant | undefined;
}

/** No credential can serve at the moment. */
export interface NoGrant {
  status: 'unavailable';
  retryAfterMs: number;
}

export interface RunnerOptions<Grant extends SlotGrant> {
  kind: TaskKind;
  /** Name of this worker process. */
  worker: string;
  /** Tasks it works on at a time. */
  slots: number;
  claimTtlMs: number;
  /** Tasks of one owner that all workers together work on at a time; 0 is no limit. */
  ownerMaxRunning: number;
  queue: Queue;
  claims: Claims;
  bus: Bus;
  log: Logger;
  metrics: EngineMetrics;
  newToken: () => string;
  /** Milliseconds. */
  now: () => number;
  /** 0 to 1, for jitter. */
  random: () => number;
  /** May throw once the signal is aborted. */
  acquireGrant: (signal: AbortSignal) => Promise<Grant | NoGrant>;
  /** Brings a task on. The grant is there when nobody has begun the task; it is the callee's to release. */
  work: (claimed: ClaimedTask, grant: Grant | undefined) => Promise<void>;
  /** For tests, which may kill or stop this process at one of these points. */
  reached?: ReachRacePoint<TaskRacePoint> | undefined;
}

const IDLE_LOOK_MS = 5_000;
const IDLE_JITTER = 0.2;

/**
 * The slots of one worker. Each claims a task, works on it, and claims again before it waits. Of those that wait one
 * listens, looks at the database every 5 s ± 20 % even when nothing wakes it, and claims; then it is the next one's
 * turn: however many are idle, they cost as much as one.
 */
export class Runner<Grant extends SlotGrant> {
  readonly #options: RunnerOptions<Grant>;
  readonly #stopping = new AbortController();
  readonly #solitude = new Solitude();
  #slots: Promise<unknown> = Promise.resolve();
  /** Ends when the slots that came before have claimed. */
  #turn: Promise<unknown> = Promise.resolve();
  #busy = 0;
  #storeAwayAt = Number.NEGATIVE_INFINITY;

  constructor(options: RunnerOptions<Grant>) {
    this.#options = options;
  }

  /** Slots that are working on a task. */
  get busy(): number {
    return this.#busy;
  }

  /** Begins to take tasks. */
  start(): void {
    const { kind, slots, metrics } = this.#options;
    metrics.slots.set({ kind }, slots);
    metrics.busy.set({ kind }, 0);
    this.#slots = Promise.all(Array.from({ length: slots }, () => this.#runSlot()));
  }

  /** Takes no more tasks, hands back those in hand as soon as that is safe, and waits until that is done. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#slots;
  }

  async #runSlot(): Promise<void> {
    const { log } = this.#options;
    const stopping = this.#stopping.signal;
    while (!stopping.aborted) {
      try {
        let taken: Taken<Grant> | NoGrant | undefined = await this.#takeInTurn();
        while (taken && 'task' in taken) {
          await this.#work(taken);
          taken = await this.#take();
        }
      } catch (err) {
        if (stopping.aborted) return;
        if (err instanceof StoreUnavailableError) {
          this.#storeAway();
          log.warn({ err }, 'the task database is away');
        } else {
          log.error({ err }, 'a slot failed');
        }
        await this.#pause(this.#idleWait() / 5);
      }
    }
  }

  /** Waits for a task when those who came before have one. Resolves to nothing when the runner stops. */
  #takeInTurn(): Promise<Taken<Grant> | undefined> {
    const mine = this.#turn.then(async () => {
      const { bus, kind } = this.#options;
      const stopping = this.#stopping.signal;
      while (!stopping.aborted) {
        const taken = await this.#take();
        if (!taken) await bus.wakeUps.next(kind, this.#idleWait(), stopping);
        else if ('task' in taken) return taken;
        else await this.#pause(Math.min(taken.retryAfterMs, this.#idleWait()));
      }
      return undefined;
    });
    // Whatever came of it, the next one begins anew.
    this.#turn = mine.catch(() => {});
    return mine;
  }

  /** Claims a task, if there is any, and if there is to be one any more. */
  async #take(): Promise<Taken<Grant> | NoGrant | undefined> {
    const { queue, kind, acquireGrant } = this.#options;
    await this.#solitude.open();
    if (!(await queue.anyClaimable(kind))) return undefined;
    // What another slot hands back while this runner stops is for another worker.
    if (this.#stopping.signal.aborted) return undefined;
    const claimant = this.#newClaimant();
    const { token } = claimant;
    const begun = await queue.claimBegun(claimant, this.#mayTakeOver);
    if (begun) return { task: begun, token, grant: undefined };
    const grant = await acquireGrant(this.#stopping.signal);
    if (grant.status === 'unavailable') return grant;
    const task = await this.#claimFresh(claimant, grant);
    return task && { task, token, grant };
  }

  async #claimFresh(claimant: Claimant, grant: Grant): Promise<Task | undefined> {
    const { queue, ownerMaxRunning } = this.#options;
    const selection = { upstreamModels: grant.models, ownerMaxRunning, takeOver: this.#mayTakeOver };
    let task: Task | undefined;
    try {
      // The grant may have come after the stop.
      if (!this.#stopping.signal.aborted) task = await queue.claimFresh(claimant, selection);
    } finally {
      if (!task) void grant.release();
    }
    return task;
  }

  /** Works on a task, in a trace of its own that is linked to that of the request which made the task. */
  #work(taken: Taken<Grant>): Promise<void> {
    const { task, grant } = taken;
    const { kind, metrics } = this.#options;
    metrics.claims.inc({ kind, how: task.claimLosses > 0 ? 'taken_over' : grant ? 'fresh' : 'handed_back' });
    const attributes = { 'grok2api.task.id': task.id, 'grok2api.task.kind': kind };
    const settings = { root: true, kind: SpanKind.CONSUMER, links: linksTo(task.traceparent), attributes };
    return inSpan(`${kind} task`, settings, () => this.#workOn(taken));
  }

  async #workOn({ task, token, grant }: Taken<Grant>): Promise<void> {
    const { kind, claims, bus, claimTtlMs, log, metrics, work, reached } = this.#options;
    const leave = new AbortController();
    const stopping = AbortSignal.any([this.#stopping.signal, leave.signal]);
    const onStoreAway = () => this.#storeAway();
    const claimed = new ClaimedTask({
      ...{ task, token, claimTtlMs, claims, bus, log, metrics, stopping, onStoreAway, reached },
    });
    claimed.log.info({ begun: task.submitIntentAt !== undefined, losses: task.claimLosses }, 'claimed');
    claimed.reached('after-claim');
    metrics.busy.set({ kind }, ++this.#busy);
    try {
      const suspected = suspicion(task);
      switch (suspected.verdict) {
        case 'give up':
          void grant?.release();
          await claimed.fail(suspected.error);
          break;
        case 'alone':
          await this.#solitude.alone(() => work(claimed, grant));
          break;
        case 'none':
          await this.#solitude.beside(
            () => work(claimed, grant),
            () => leave.abort(),
          );
      }
    } catch (err) {
      // The claim runs out and somebody tries again: that is the pause between the tries.
      if (!(err instanceof TaskLeftError)) claimed.log.error({ err }, 'the work on a task failed');
    } finally {
      metrics.busy.set({ kind }, --this.#busy);
      claimed.close();
    }
  }

  /** After the database was away, other workers' claims have run out by no fault of theirs: they get time to renew. */
  get #mayTakeOver(): boolean {
    return this.#options.now() - this.#storeAwayAt > this.#options.claimTtlMs;
  }

  #storeAway(): void {
    this.#storeAwayAt = this.#options.now();
  }

  #newClaimant(): Claimant {
    const { kind, worker, newToken, claimTtlMs } = this.#options;
    return { kind, worker, token: newToken(), ttlMs: claimTtlMs };
  }

  #idleWait(): number {
    return IDLE_LOOK_MS * (1 + IDLE_JITTER * (2 * this.#options.random() - 1));
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => {
      // Stopping: the pause is over.
    });
  }
}
