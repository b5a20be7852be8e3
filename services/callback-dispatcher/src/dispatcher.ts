import { setTimeout as sleep } from 'node:timers/promises';
import { inSpan, type Logger, type ReachRacePoint } from '@grok2api/service-kit';
import {
  type AfterAttempt,
  type CallbackQueue,
  type ClaimedCallback,
  StoreUnavailableError,
} from '@grok2api/task-store';
import { SpanKind } from '@opentelemetry/api';
import { type DeliverOptions, type Delivery, deliver } from './deliver.js';
import { Hosts } from './hosts.js';
import type { CallbackMetrics } from './metrics.js';
import { lastAttemptAge, nextAttemptAge } from './schedule.js';
import type { CallbackRacePoint } from './settings.js';
import type { SigningSecrets } from './signature.js';
import { Waker } from './waker.js';

export interface DispatcherOptions extends DeliverOptions {
  queue: CallbackQueue;
  /** What an owner's callbacks are signed with. Rejects when that cannot be found out at the moment. */
  secretsOf: (owner: string) => Promise<SigningSecrets>;
  /** When a callback is attempted: milliseconds from its task's end, rising. */
  schedule: readonly number[];
  /** Callbacks delivered at a time. */
  concurrency: number;
  /** Of these, to one host. */
  hostConcurrency: number;
  log: Logger;
  metrics: Pick<CallbackMetrics, 'attempts' | 'inHand' | 'restingHosts'>;
  /** A new UUID. */
  newToken: () => string;
  /** 0 to 1, for jitter. */
  random: () => number;
  /** For tests, which may kill or stop this process at one of these points. */
  reached?: ReachRacePoint<CallbackRacePoint> | undefined;
}

const LOOK_MS = 1_000;
const LOOK_JITTER = 0.2;
/** What the claim lasts beyond an attempt, to find out the secret and to write down what came of it. */
const CLAIM_MARGIN_MS = 5_000;
const WAIT_FOR_SECRETS_MS = 5_000;
const RECORD_RETRY_MS = 500;
const MS_PER_S = 1_000;

/**
 * Delivers callbacks: claims those that are due, posts each, and writes down what came of it. It may be killed at any
 * moment: what it had in hand is delivered by another once the claim runs out, perhaps a second time, with the same
 * webhook id. Any number of dispatchers work side by side.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #hosts: Hosts;
  readonly #waker = new Waker();
  readonly #attempts = new Set<Promise<void>>();
  #stopping = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#hosts = new Hosts(options.hostConcurrency, options.now);
    options.metrics.inHand.readFrom(() => [{ labels: {}, value: this.#attempts.size }]);
    options.metrics.restingHosts.readFrom(() => [{ labels: {}, value: this.#hosts.resting }]);
  }

  /** Begins to deliver. */
  start(): void {
    this.#running = this.#run();
  }

  /** Looks at once for what is due, rather than within about a second. */
  wake(): void {
    this.#waker.wake();
  }

  /** Takes nothing more, and waits until what is in hand is delivered or has failed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#waker.wake();
    await this.#running;
    await Promise.all(this.#attempts);
  }

  async #run(): Promise<void> {
    const { log, random } = this.#options;
    while (!this.#stopping) {
      let taken = 0;
      try {
        taken = await this.#take();
      } catch (err) {
        if (err instanceof StoreUnavailableError) log.warn({ err }, 'the task database is away');
        else log.error({ err }, 'callbacks could not be claimed');
      }
      if (taken === 0) await this.#waker.wait(LOOK_MS * (1 - LOOK_JITTER + 2 * LOOK_JITTER * random()));
    }
  }

  /** Takes what there is room for; resolves to how many that were. */
  async #take(): Promise<number> {
    const { queue, concurrency, hostConcurrency, newToken, now } = this.#options;
    const limit = concurrency - this.#attempts.size;
    if (limit === 0) return 0;
    const claimed = await queue.claim({
      token: newToken(),
      ttlMs: this.#claimTtlMs,
      limit,
      perHost: hostConcurrency,
      room: this.#hosts.room(),
    });
    for (const callback of claimed) {
      this.#hosts.begin(callback.host);
      const attempt = this.#attempt(callback, now()).finally(() => {
        this.#attempts.delete(attempt);
        this.#waker.wake();
      });
      this.#attempts.add(attempt);
    }
    return claimed.length;
  }

  get #claimTtlMs(): number {
    return this.#options.timeoutMs + CLAIM_MARGIN_MS;
  }

  /** Attempts one callback. Never rejects. */
  #attempt(callback: ClaimedCallback, claimedAt: number): Promise<void> {
    const attributes = { 'grok2api.callback.id': callback.id, 'grok2api.task.id': callback.taskId };
    return inSpan('callback', { root: true, kind: SpanKind.CONSUMER, attributes }, () =>
      this.#attemptOnce(callback, claimedAt),
    );
  }

  async #attemptOnce(callback: ClaimedCallback, claimedAt: number): Promise<void> {
    const { id, taskId, owner, host } = callback;
    const log = this.#options.log.child({ callback_id: id, task_id: taskId, owner, host });
    const { reached } = this.#options;
    let delivery: Delivery | undefined;
    reached?.('after-claim');
    try {
      const secrets = await this.#secretsOf(callback, log);
      if (secrets) delivery = await deliver(callback, secrets, this.#options);
    } catch (err) {
      // The claim runs out, and the callback is attempted again.
      log.error({ err }, 'an attempt failed by a fault of this service');
    }
    this.#hosts.end(callback.host, delivery?.hostAnswered);
    if (!delivery) return;
    reached?.('after-post');
    try {
      await this.#record(callback, delivery, claimedAt, log);
      reached?.('after-record');
    } catch (err) {
      log.error({ err }, 'what came of an attempt could not be written down');
    }
  }

  async #secretsOf(callback: ClaimedCallback, log: Logger): Promise<SigningSecrets | undefined> {
    try {
      return await this.#options.secretsOf(callback.owner);
    } catch (err) {
      log.warn({ err }, 'the secret of a callback is not known at the moment');
      await this.#options.queue.putOff(callback, WAIT_FOR_SECRETS_MS);
      return undefined;
    }
  }

  async #record(callback: ClaimedCallback, delivery: Delivery, claimedAt: number, log: Logger): Promise<void> {
    const { queue, schedule } = this.#options;
    const { attempt, hostAnswered } = delivery;
    const after = this.#after(delivery, callback.ageMs + this.#options.now() - claimedAt);
    const lasting = await this.#whileClaimed(claimedAt, () => queue.record(callback, attempt, after));
    const { status, error } = attempt;
    const result = typeof after === 'string' ? after : 'failed';
    this.#options.metrics.attempts.observe({ result }, attempt.duration_ms / MS_PER_S);
    const facts = { attempts: callback.attempts + 1, status, error, after };
    if (!lasting) log.warn(facts, 'the claim on a callback ran out before its attempt was over');
    else if (after === 'delivered') log.info(facts, 'delivered');
    else if (typeof after === 'string') log.warn(facts, 'a callback is given up');
    else log.info(facts, 'an attempt failed');
    if (hostAnswered !== false || !this.#hosts.rests(callback.host)) return;
    const count = await queue.giveUpOverdue(callback.host, lastAttemptAge(schedule), attempt);
    if (count > 0) log.warn({ count }, 'callbacks to a host that is silent are given up, their last time being over');
  }

  #after({ outcome }: Delivery, ageMs: number): AfterAttempt {
    if (outcome !== 'failed') return outcome;
    const againAtAgeMs = nextAttemptAge(this.#options.schedule, ageMs, this.#options.random);
    return againAtAgeMs === undefined ? 'given_up' : { againAtAgeMs };
  }

  /** Writes, again and again while the database is away, for as long as the claim lasts. */
  async #whileClaimed(claimedAt: number, write: () => Promise<boolean>): Promise<boolean> {
    for (;;) {
      try {
        return await write();
      } catch (err) {
        const over = this.#options.now() - claimedAt > this.#claimTtlMs;
        if (over || !(err instanceof StoreUnavailableError)) throw err;
        await sleep(RECORD_RETRY_MS);
      }
    }
  }
}
