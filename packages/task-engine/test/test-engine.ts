import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bus } from '@grok2api/bus';
import { ModelCatalogue, type TaskEvent } from '@grok2api/contracts';
import { createLogger, type Logger, Metrics } from '@grok2api/service-kit';
import { type NewTask, openTaskStore, type Task, type TaskStore } from '@grok2api/task-store';
import { startNats, startPostgres, type TestServer } from '@grok2api/testkit';
import {
  type ClaimedTask,
  engineMetrics,
  Reconciler,
  type ReconcilerOptions,
  Runner,
  type SlotGrant,
} from '../src/index.js';

/** Upstream model of the tasks that are made here. */
export const MODEL = 'grok-imagine-video-1.5';

/** Length of a claim that no test outlives. */
export const LONG_MS = 120_000;

const HOUR_MS = 3_600_000;

/** One worker process: its own connections, its slots, and what it has logged. */
export interface TestWorker {
  runner: Runner<SlotGrant>;
  store: TaskStore;
  bus: Bus;
  lines: Record<string, unknown>[];
}

export interface WorkerOptions {
  slots?: number;
  /** Upstream models that its grants serve. */
  models?: readonly string[];
  claimTtlMs?: number;
  /** Awaited before a grant is given. */
  beforeGrant?: () => Promise<void>;
  /** Asked for each grant: for how many ms none can be given; 0 gives one. */
  noGrantForMs?: () => number;
  work: (claimed: ClaimedTask, grant: SlotGrant | undefined) => Promise<void>;
  /** Another way to the database. */
  databaseUrl?: string;
}

/** NATS and Postgres with the tasks' tables, a gateway's access to them, and workers. */
export class TestEngine {
  readonly #putAway: (() => Promise<unknown>)[] = [];
  #workers = 0;
  /** Grants that were given out and not released yet. */
  grants = 0;
  /** Grants that were ever given out. */
  granted = 0;

  private constructor(
    readonly nats: TestServer,
    readonly postgres: TestServer,
    readonly bus: Bus,
    readonly store: TaskStore,
  ) {}

  static async start(): Promise<TestEngine> {
    const [nats, postgres] = await Promise.all([startNats(), startPostgres('migrated')]);
    const bus = await Bus.connect({ url: nats.url, name: 'gateway', log: logTo([]) });
    // Makes the stream of the wake-ups.
    await bus.wakeUps.waiting('video');
    return new TestEngine(nats, postgres, bus, openTaskStore({ databaseUrl: postgres.url, maxConnections: 5 }));
  }

  async stop(): Promise<void> {
    await Promise.all([this.bus.close(), this.store.close()]);
    await Promise.all([this.nats.stop(), this.postgres.stop()]);
  }

  /** Stops the workers and reconcilers, and removes all tasks. Wake-ups may be left. */
  async empty(): Promise<void> {
    for (const putAway of this.#putAway.splice(0).reverse()) await putAway();
    for await (const _batch of this.store.tasks.delete('video', 'me', 'all'));
    while ((await this.store.upkeep.removeOld(0)).removed > 0);
    this.grants = 0;
  }

  /** Takes all wake-ups away; waits for those to come again that somebody took and did not acknowledge. */
  async takeWakeUps(): Promise<void> {
    while ((await this.bus.wakeUps.waiting('video')) > 0) {
      await this.bus.wakeUps.next('video', 1_000, new AbortController().signal);
    }
  }

  /** Accepts tasks as the gateway does; without their wake-ups if so wanted. */
  async create(count = 1, { wakeUps = true, upstreamModel = MODEL } = {}): Promise<string[]> {
    const tasks = Array.from({ length: count }, () => newTask(upstreamModel));
    for (const task of tasks) await this.store.tasks.create(task);
    if (wakeUps) this.bus.wakeUps.send('video', count);
    return tasks.map(({ id }) => id);
  }

  /** A worker that takes tasks from now on; `empty` stops it. */
  async startWorker(options: WorkerOptions): Promise<TestWorker> {
    const { slots = 1, models = [MODEL], claimTtlMs = LONG_MS, databaseUrl = this.postgres.url } = options;
    const lines: Record<string, unknown>[] = [];
    const worker = `video-worker-${++this.#workers}`;
    const log = logTo(lines);
    const store = openTaskStore({ databaseUrl, maxConnections: slots + 2 });
    const bus = await Bus.connect({ url: this.nats.url, name: worker, log });
    const runner = new Runner<SlotGrant>({
      kind: 'video',
      worker,
      slots,
      claimTtlMs,
      ownerMaxRunning: 0,
      queue: store.queue,
      claims: store.claims,
      bus,
      log,
      metrics: engineMetrics(new Metrics('test')),
      newToken: randomUUID,
      now: Date.now,
      random: () => 0,
      acquireGrant: async () => {
        await options.beforeGrant?.();
        const retryAfterMs = options.noGrantForMs?.() ?? 0;
        if (retryAfterMs > 0) return { status: 'unavailable', retryAfterMs };
        return this.#newGrant(models);
      },
      work: options.work,
    });
    runner.start();
    this.#putAway.push(async () => {
      await runner.stop();
      await bus.close();
      await store.close();
    });
    return { runner, store, bus, lines };
  }

  /** A reconciler at work; `empty` stops it. */
  startReconciler(worker: string, options: Partial<ReconcilerOptions> = {}): Reconciler {
    const reconciler = new Reconciler({
      kind: 'video',
      worker,
      upkeep: this.store.upkeep,
      bus: this.bus,
      log: logTo([]),
      metrics: engineMetrics(new Metrics('test')),
      deadlines: { queueMs: HOUR_MS, runMs: HOUR_MS },
      models: new ModelCatalogue(),
      retentionMs: HOUR_MS,
      sweepMedia: async () => {},
      random: () => 0,
      ...options,
    });
    reconciler.start();
    this.#putAway.push(() => reconciler.stop());
    return reconciler;
  }

  #newGrant(models: readonly string[]): SlotGrant {
    this.grants++;
    this.granted++;
    return {
      status: 'granted',
      models,
      release: async () => {
        this.grants--;
      },
    };
  }

  /** What is published about a task from now on. */
  async watch(id: string): Promise<TaskEvent[]> {
    const events: TaskEvent[] = [];
    this.bus.onTaskEvent(id, (event) => void events.push(event));
    await this.bus.flush();
    return events;
  }

  async read(id: string): Promise<Task> {
    const task = await this.store.tasks.get(id);
    if (!task) throw new Error(`there is no task ${id}`);
    return task;
  }

  /** Reads tasks until all of them have ended. */
  async ended(ids: readonly string[]): Promise<Task[]> {
    let tasks: Task[] = [];
    await until(async () => {
      tasks = await this.store.tasks.getMany(ids);
      return tasks.every(({ endedAt }) => endedAt);
    });
    return tasks;
  }
}

/** A task as its worker should leave it, made in the usual steps. */
export async function workQuickly(claimed: ClaimedTask, grant: SlotGrant | undefined): Promise<void> {
  await claimed.intend('cred_1');
  await claimed.submit(`job_of_${claimed.task.id}`);
  await grant?.release();
  await claimed.advance(50);
  await claimed.complete({ media: [`${claimed.task.id}.mp4`] });
}

/** A logger that keeps its lines. */
export function logTo(lines: Record<string, unknown>[]): Logger {
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  return createLogger({ service: 'test', instance: 'test', level: 'info', destination });
}

/** A promise to be settled later. */
export function gate<T = void>() {
  let open: (value: T) => void = () => {};
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Looks until it is as wanted. */
export async function until(wanted: () => boolean | Promise<boolean>, withinMs = 15_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await wanted())) {
    if (Date.now() > deadline) throw new Error(`not so within ${withinMs} ms: ${wanted}`);
    await sleep(10);
  }
}

function newTask(upstreamModel: string): NewTask {
  return {
    id: `task_${randomUUID().replaceAll('-', '')}`,
    kind: 'video',
    owner: 'me',
    model: 'grok-imagine-1.0-video',
    upstreamModel,
    prompt: '一只猫',
    params: { aspect_ratio: '3:2', video_length: 6, resolution: '480p', preset: 'normal' },
    origin: 'http://localhost:8000',
    callbackUrl: undefined,
  };
}
