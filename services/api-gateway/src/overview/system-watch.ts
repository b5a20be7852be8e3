import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus, FoundProcess } from '@grok2api/bus';
import { type MetricsSnapshot, metricsOf, type OverviewPoint, type OverviewProcess } from '@grok2api/contracts';
import type { Logger } from '@grok2api/service-kit';
import { type Look, pointBetween } from './point.js';
import { sumOf, valuesOf } from './samples.js';

const EVERY_MS = 15_000;
const KEPT_MS = 3_600_000;
/** How long processes have to answer. */
const WITHIN_MS = 1_000;
/** A process that is silent for longer is taken for one that was stopped. */
const FORGOTTEN_MS = 5 * 60_000;
const MS_PER_S = 1000;

/** Of a process that is there, but tells nothing. */
const UNKNOWN = { state: 'silent', memory_bytes: null, started_at: null } as const;

export interface SystemWatchDependencies {
  bus: Bus;
  now: () => number;
  log: Logger;
}

interface Seen {
  process: OverviewProcess;
  at: number;
}

/**
 * Asks every process for its metrics again and again, and keeps of the last hour what they come to: a few numbers for
 * each look, whatever the number of processes.
 */
export class SystemWatch {
  readonly #dependencies: SystemWatchDependencies;
  readonly #stopping = new AbortController();
  readonly #points: OverviewPoint[] = [];
  readonly #seen = new Map<string, Seen>();
  #last: Look | undefined;
  #failing = false;

  constructor(dependencies: SystemWatchDependencies) {
    this.#dependencies = dependencies;
  }

  /** Begins to look, in the background. */
  start(): void {
    void this.#lookAgainAndAgain();
  }

  /** Looks no more. */
  stop(): void {
    this.#stopping.abort();
  }

  /** Every process that answered within the last minutes, by its service and name. */
  processes(): OverviewProcess[] {
    const order = ({ service, instance }: OverviewProcess) => `${service} ${instance}`;
    return [...this.#seen.values()]
      .map(({ process, at }): OverviewProcess => (at === this.#last?.at ? process : { ...process, state: 'silent' }))
      .toSorted((a, b) => order(a).localeCompare(order(b), 'en', { numeric: true }));
  }

  /** The last hour, oldest first. */
  points(): readonly OverviewPoint[] {
    return this.#points;
  }

  async #lookAgainAndAgain(): Promise<void> {
    const { log } = this.#dependencies;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#look();
        this.#failing = false;
      } catch (err) {
        if (!this.#failing) log.warn({ err }, 'the processes cannot be watched, trying again');
        this.#failing = true;
      }
      await sleep(EVERY_MS, undefined, { signal }).catch(() => {
        // Stopping.
      });
    }
  }

  async #look(): Promise<void> {
    const { bus, now } = this.#dependencies;
    const found = await bus.discover(WITHIN_MS);
    const snapshots = new Map<string, MetricsSnapshot>();
    await Promise.allSettled(
      // One that tells nothing is shown as silent.
      found.map(async ({ service, id }) => {
        snapshots.set(id, await bus.call(metricsOf(service, id), {}, { timeoutMs: WITHIN_MS }));
      }),
    );
    const look = { at: now(), snapshots };
    if (this.#last) this.#points.push(pointBetween(this.#last, look));
    while (this.#points.length > KEPT_MS / EVERY_MS) this.#points.shift();
    this.#note(found, look);
    this.#last = look;
  }

  #note(found: readonly FoundProcess[], { at, snapshots }: Look): void {
    for (const { id, service, instance } of found) {
      const snapshot = snapshots.get(id);
      const process = snapshot
        ? processOf(snapshot)
        : { ...UNKNOWN, service, instance, seen_at: new Date(at).toISOString() };
      this.#seen.set(id, { process, at });
    }
    for (const [id, seen] of this.#seen) if (at - seen.at > FORGOTTEN_MS) this.#seen.delete(id);
  }
}

function processOf(snapshot: MetricsSnapshot): OverviewProcess {
  const { service, instance, at } = snapshot;
  const [memory] = valuesOf(snapshot, 'process_resident_memory_bytes');
  const [started] = valuesOf(snapshot, 'process_start_time_seconds');
  return {
    service,
    instance,
    state: sumOf(snapshot, 'grok2api_ready') > 0 ? 'ready' : 'not_ready',
    memory_bytes: memory ?? null,
    started_at: started === undefined ? null : new Date(started * MS_PER_S).toISOString(),
    seen_at: new Date(at).toISOString(),
  };
}
