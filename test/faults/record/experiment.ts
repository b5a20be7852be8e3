import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type SimulatorClient,
  type SystemOnServers,
  type SystemOptions,
  startOnServers,
  type TaskBody,
  type TaskClient,
  type TestNats,
  type TestServer,
  type TestSystem,
} from '@grok2api/testkit';
import { expect, vi } from 'vitest';
import { printFigures } from '../support/figures.js';
import { CallbackWitness, WITNESS_NETWORK } from './callback-witness.js';
import { violationsIn } from './check/index.js';
import { eventsOf, isEnd, type RecordedEvent } from './events.js';
import { keepRecord } from './record-file.js';
import { RecordingClient } from './recording-client.js';
import { readRows, watchRows } from './row-history.js';
import { UpstreamWitness } from './upstream-witness.js';
import { workerEvents } from './worker-log.js';

const LOOK_EVERY_MS = 300;
const SETTLED_WITHIN_MS = 120_000;
/** The simulator draws every video for real. The smallest cost the least of what the workers need, too. */
const SMALL = { aspect_ratio: '1:1', resolution: '480p', video_length: 6 };
/** Callbacks are attempted soon again, so that a test need not wait for the promised times. */
const SOON = '0s,1s,2s,4s,8s,15s,30s,60s,120s';

export interface ExperimentOptions extends SystemOptions {
  /** Slots of each credential; 0 is no limit. */
  credentialLimit?: number;
  /** The upstream, where it is not the system's own: `env` says how it is found. */
  simulator?: SimulatorClient;
}

/**
 * A whole system on servers of its own, of which everything is recorded that can be seen from outside: what clients
 * asked and were told, what the upstream was asked, how rows changed, what streams and callbacks told.
 */
export class Experiment {
  readonly video: RecordingClient;
  readonly image: RecordingClient;
  readonly #upstream: UpstreamWitness;
  readonly #watching: Promise<void>[] = [];
  readonly #over = new AbortController();
  /** The last answer about each task that has ended. */
  readonly #ended = new Map<string, TaskBody>();

  private constructor(
    private readonly on: SystemOnServers,
    /** Takes the callbacks. */
    readonly callbacks: CallbackWitness,
    private readonly credentialLimit: number,
    private readonly seen: RecordedEvent[],
    /** The upstream's control. */
    readonly simulator: SimulatorClient,
  ) {
    // One for each stream that is watched.
    setMaxListeners(0, this.#over.signal);
    this.#upstream = new UpstreamWitness(simulator);
    let readers = 0;
    const clientOf = (tasks: TaskClient, create: string, path: string, model: string) =>
      new RecordingClient(
        tasks,
        { create, tasks: path, model },
        (event) => seen.push(event),
        () => ++readers,
      );
    const [videos, images] = [on.system.tasks(), on.system.imageTasks()];
    this.video = clientOf(videos, '/v1/video/tasks', '/v1/video/tasks', 'grok-imagine-1.0-video');
    this.image = clientOf(images, '/v1/images/generations/async', '/v1/images/tasks', 'grok-imagine-1.0');
  }

  static async start({ credentialLimit = 0, env, simulator, ...options }: ExperimentOptions = {}): Promise<Experiment> {
    const on = await startOnServers({
      ...options,
      env: {
        FETCH_ALLOW: WITNESS_NETWORK,
        CALLBACK_SCHEDULE: SOON,
        CALLBACK_TIMEOUT_MS: '2000',
        SIMULATOR_VIDEO_MS: '2000',
        SIMULATOR_IMAGE_MS: '300',
        ...(credentialLimit > 0 ? { CREDENTIAL_MAX_CONCURRENCY: String(credentialLimit) } : {}),
        ...env,
      },
    });
    await watchRows(on.postgres.url);
    const seen: RecordedEvent[] = [];
    const callbacks = await CallbackWitness.start((event) => seen.push(event));
    return new Experiment(on, callbacks, credentialLimit, seen, simulator ?? on.system.simulator);
  }

  get system(): TestSystem {
    return this.on.system;
  }

  get nats(): TestNats {
    return this.on.nats;
  }

  /** What was recorded so far by clients, streams and callbacks, while it happened. */
  get recorded(): readonly RecordedEvent[] {
    return this.seen;
  }

  get postgres(): TestServer {
    return this.on.postgres;
  }

  /** Notes what the test does to the system. */
  fault(what: string): void {
    this.seen.push({ source: 'fault', at: Date.now(), what });
  }

  /** Notes what a test sends by itself. */
  sent(prompt: string): void {
    this.seen.push({ source: 'client', what: 'sent', at: Date.now(), prompt });
  }

  /** Asks for a small video with a callback, and watches it. @returns its id, unless it was refused */
  makeVideo(prompt: string, params: object = {}): Promise<string | undefined> {
    return this.#make(this.video, prompt, { ...SMALL, ...params });
  }

  /** Asks for an image with a callback, and watches it. @returns its id, unless it was refused */
  makeImage(prompt: string, params: object = {}): Promise<string | undefined> {
    return this.#make(this.image, prompt, params);
  }

  /** Reads every accepted task again and again until all have ended. @returns how they ended, by id */
  async untilAllEnded(withinMs = SETTLED_WITHIN_MS): Promise<Map<string, TaskBody>> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const open = this.#accepted().filter(({ task }) => !this.#ended.has(task));
      if (open.length === 0) return this.#ended;
      if (Date.now() > deadline) {
        const which = open.map(({ task }) => task).join();
        throw new Error(`not ended within ${withinMs} ms: ${which}; ${keepRecord(await this.#complete())}`);
      }
      for (const { task, client } of open) {
        const body = await client.read(task);
        if (body && isEnd(body.status)) this.#ended.set(task, body);
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  /**
   * Waits for what is still on its way, reads every outcome once more, and holds the record against the promises.
   * @returns the record
   */
  async verify(withinMs = SETTLED_WITHIN_MS): Promise<RecordedEvent[]> {
    await this.untilAllEnded(withinMs);
    for (const { task, client } of this.#accepted()) await client.read(task, true);
    // What comes late is waited for; what never comes is told by the record.
    const late = [Promise.all(this.#watching), this.#untilNoCallbackIsPending(withinMs)];
    await Promise.race([Promise.allSettled(late), sleep(withinMs)]);
    const record = await this.#complete();
    const violations = violationsIn(record, this.credentialLimit);
    printFigures({ ...countOf(record), violations: violations.length });
    if (violations.length > 0 || process.env.FAULTS_RECORDS) printFigures({ record: keepRecord(record) });
    expect(violations).toEqual([]);
    return record;
  }

  /** Keeps what the upstream's log would forget in a run of many requests. */
  readUpstream(): Promise<void> {
    return this.#upstream.read();
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#watching);
    await this.on.stop();
    await this.callbacks.stop();
  }

  async #make(client: RecordingClient, prompt: string, params: object): Promise<string | undefined> {
    const id = await client.ask(prompt, { callback_url: this.callbacks.url, ...params });
    if (id !== undefined) this.#watching.push(client.watch(id, this.#over.signal));
    return id;
  }

  #accepted(): { task: string; client: RecordingClient }[] {
    return [this.video, this.image].flatMap((client) => client.accepted.map((task) => ({ task, client })));
  }

  async #untilNoCallbackIsPending(withinMs: number): Promise<void> {
    await vi.waitFor(
      async () => {
        const taken = new Set(
          eventsOf(this.seen, 'callback').flatMap(({ answered, task }) => (answered < 300 ? [task] : [])),
        );
        expect(this.#accepted().filter(({ task }) => !taken.has(task))).toEqual([]);
      },
      { timeout: withinMs, interval: LOOK_EVERY_MS },
    );
  }

  async #complete(): Promise<RecordedEvent[]> {
    const [rows, upstream] = await Promise.all([readRows(this.postgres.url), this.#upstream.events()]);
    return [...this.seen, ...rows, ...upstream, ...workerEvents(this.system.logLines())];
  }
}

function countOf(record: readonly RecordedEvent[]): Record<string, number> {
  const count = (matches: (event: RecordedEvent) => boolean) => record.filter(matches).length;
  return {
    accepted: count((event) => event.source === 'client' && event.what === 'accepted'),
    refused: count((event) => event.source === 'client' && event.what === 'refused'),
    reads: count((event) => event.source === 'client' && event.what === 'read'),
    'row changes': count((event) => event.source === 'row'),
    creates: count((event) => event.source === 'upstream' && event.what === 'create'),
    polls: count((event) => event.source === 'upstream' && event.what === 'poll'),
    'stream events': count((event) => event.source === 'stream'),
    callbacks: count((event) => event.source === 'callback'),
    faults: count((event) => event.source === 'fault'),
  };
}
