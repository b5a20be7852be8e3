import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Bus } from '@grok2api/bus';
import { callbackDue, errorMessage, type Model, type ModelCatalogue, type TaskKind } from '@grok2api/contracts';
import type { Logger } from '@grok2api/service-kit';
import { type Deadlines, StoreUnavailableError, toTaskEvent, type Upkeep } from '@grok2api/task-store';
import type { EngineMetrics } from './engine-metrics.js';

export interface ReconcilerOptions {
  kind: TaskKind;
  /** Name of this worker process. */
  worker: string;
  upkeep: Upkeep;
  bus: Bus;
  log: Logger;
  metrics: EngineMetrics;
  deadlines: Deadlines;
  /** What models lead to at the moment. */
  models: Pick<ModelCatalogue, 'ofKind'>;
  /** How long the row of an ended task stays, in milliseconds. */
  retentionMs: number;
  /** Removes the files of what is gone, and files that are too old. */
  sweepMedia: (mediaOfRemoved: readonly string[]) => Promise<void>;
  random: () => number;
}

const INTERVAL_MS = 5_000;
const LEASE_MS = 15_000;
/** Of the removal of old rows and files. */
const REMOVAL_LEASE = 'remove-old';
const MOST_WAKE_UPS = 1_000;
const COUNT_CAP = 10_000;
/** It reads all tasks that wait, so it is done when the catalogue has changed, and else once in so many rounds. */
const REROUTE_EVERY = 12;

/**
 * Puts right what events alone would miss, over all tasks of a kind: missing wake-ups, tasks past their deadline, tasks
 * for a model that the upstream has no more; and, over all kinds, rows and files that are no longer needed. Every worker
 * can; a lease says which one does.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  /** The catalogue by which tasks were looked through last, and for how many rounds they were not. */
  #routes: readonly Model[] = [];
  #notRerouted = 0;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Ends the round in progress and gives the lease back. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    this.#lead(false);
    const { upkeep, worker } = this.#options;
    for (const name of [this.#leaseName, REMOVAL_LEASE]) await upkeep.dropLease(name, worker);
  }

  get #leaseName(): string {
    return `reconcile-${this.#options.kind}`;
  }

  async #run(): Promise<void> {
    const { upkeep, worker, log, random } = this.#options;
    while (!this.#stopping.signal.aborted) {
      try {
        const isLeader = await upkeep.holdLease(this.#leaseName, worker, LEASE_MS);
        this.#lead(isLeader);
        if (isLeader) await this.#round();
      } catch (err) {
        if (err instanceof StoreUnavailableError) log.warn({ err }, 'the task database is away');
        else log.error({ err }, 'a round of the reconciler failed');
      }
      const wait = INTERVAL_MS * (0.8 + 0.4 * random());
      await sleep(wait, undefined, { signal: this.#stopping.signal }).catch(() => {
        // Stopping: the wait is over.
      });
    }
  }

  async #round(): Promise<void> {
    await this.#endOverdue();
    await this.#reroute();
    await this.#topUpWakeUps();
    await this.#showQueue();
    await this.#options.upkeep.forgetIdleOwners(this.#options.kind);
    await this.#removeOld();
  }

  /** Who does not lead shows nothing of the queue: what it knew would get old, and be counted twice. */
  #lead(isLeader: boolean): void {
    const { kind, metrics } = this.#options;
    metrics.leader.set({ kind }, isLeader ? 1 : 0);
    if (isLeader) return;
    metrics.waiting.remove({ kind });
    metrics.oldest.remove({ kind });
    for (const state of ['pending', 'running']) metrics.open.remove({ kind, state });
  }

  async #showQueue(): Promise<void> {
    const { upkeep, kind, metrics } = this.#options;
    const { waiting, pending, running, oldestSeconds } = await upkeep.queueFigures(kind, COUNT_CAP);
    metrics.waiting.set({ kind }, waiting);
    metrics.oldest.set({ kind }, oldestSeconds);
    metrics.open.set({ kind, state: 'pending' }, pending);
    metrics.open.set({ kind, state: 'running' }, running);
  }

  async #endOverdue(): Promise<void> {
    const { upkeep, kind, deadlines, bus, log } = this.#options;
    const overdue = await upkeep.endOverdue(kind, deadlines, {
      queue: {
        code: 'queue_timeout',
        message: errorMessage('queue_timeout', { seconds: Math.round(deadlines.queueMs / 1000) }),
      },
      run: {
        code: 'task_timeout',
        message: errorMessage('task_timeout', { seconds: Math.round(deadlines.runMs / 1000) }),
      },
    });
    for (const task of overdue) {
      log.warn({ task_id: task.id, code: task.error?.code }, 'ended past its deadline');
      bus.publishTaskEvent(toTaskEvent(task));
      bus.publishCancel(task.id);
      if (task.callbackUrl !== undefined) bus.publish(callbackDue, {});
    }
  }

  /** A gateway may have accepted them by a catalogue that was old, or the upstream has retired the model since. */
  async #reroute(): Promise<void> {
    const { upkeep, kind, models, log } = this.#options;
    const routes = models.ofKind(kind);
    if (isDeepStrictEqual(routes, this.#routes) && ++this.#notRerouted < REROUTE_EVERY) return;
    const count = await upkeep.reroute(kind, routes);
    this.#routes = routes;
    this.#notRerouted = 0;
    if (count > 0) log.warn({ kind, count }, 'waiting tasks are for another upstream model now');
  }

  async #topUpWakeUps(): Promise<void> {
    const { upkeep, kind, bus, log } = this.#options;
    const claimable = await upkeep.countClaimable(kind, MOST_WAKE_UPS);
    if (claimable === 0 || !bus.connected) return;
    const missing = claimable - (await bus.wakeUps.waiting(kind));
    if (missing <= 0) return;
    bus.wakeUps.send(kind, missing);
    this.#options.metrics.missingWakeUps.inc({ kind }, missing);
    log.info({ kind, count: missing }, 'sent missing wake-ups');
  }

  async #removeOld(): Promise<void> {
    const { upkeep, worker, retentionMs, sweepMedia, log } = this.#options;
    // Of all kinds: the workers of one kind do it for the others too.
    if (!(await upkeep.holdLease(REMOVAL_LEASE, worker, LEASE_MS))) return;
    const { removed, media } = await upkeep.removeOld(retentionMs);
    if (removed > 0) log.info({ removed }, 'removed old tasks');
    await sweepMedia([...media, ...(await upkeep.removeExpiredReplies())]);
  }
}
