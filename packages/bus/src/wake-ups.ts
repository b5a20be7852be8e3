import { setTimeout as sleep } from 'node:timers/promises';
import { type TaskKind, WAKE_UP_STREAM, wakeUpSubject } from '@grok2api/contracts';
import type { Logger } from '@grok2api/service-kit';
import {
  AckPolicy,
  type Consumer,
  ConsumerDebugEvents,
  type ConsumerMessages,
  NatsError,
  nanos,
  RetentionPolicy,
  StorageType,
} from 'nats';
import type { Connection } from './connection.js';
import { traceHeaders } from './trace-headers.js';

const MAX_WAKE_UPS = 100_000;
const ACK_WAIT_MS = 5_000;
/** The least a pull may wait, by the client. */
const SHORTEST_WAIT_MS = 1_000;
const JETSTREAM_TIMEOUT_MS = 2_000;
const NOT_FOUND = '404';

/**
 * The work queue of anonymous wake-ups. A wake-up says only that there may be something to claim in Postgres,
 * so a lost one costs time and a surplus one costs a look; neither costs a task.
 */
export class WakeUps {
  #consumers = new Map<TaskKind, Consumer>();

  constructor(
    private readonly connection: Connection,
    private readonly log: Logger,
  ) {}

  /** Wakes a worker of that kind, if NATS is there. Not acknowledged: the reconciler makes up for a lost one. */
  send(kind: TaskKind, count = 1): void {
    if (!this.connection.connected) return;
    const subject = wakeUpSubject(kind);
    this.connection.metrics.events.inc({ subject, direction: 'published' }, count);
    const sent = traceHeaders();
    for (let i = 0; i < count; i++) {
      this.connection.nats.publish(subject, undefined, sent ? { headers: sent } : undefined);
    }
  }

  /**
   * Waits for a wake-up and acknowledges it. Resolves to true when one came, to false after `waitMs`
   * (at least a second), when the signal is aborted, or when NATS is away: then, too, only after the wait.
   */
  async next(kind: TaskKind, waitMs: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    const begun = Date.now();
    // The server takes whole nanoseconds only.
    const expires = Math.ceil(Math.max(waitMs, SHORTEST_WAIT_MS));
    try {
      const consumer = await untilAborted(this.#consumer(kind), signal);
      const pull = consumer ? await takeOne(consumer, expires, signal) : 'aborted';
      if (pull === 'taken') this.connection.metrics.events.inc({ subject: wakeUpSubject(kind), direction: 'received' });
      if (pull === 'unanswered') this.#consumers.delete(kind);
      return pull === 'taken';
    } catch (err) {
      // The stream may be gone with the server's store: the next wait makes it anew.
      this.#consumers.delete(kind);
      if (this.connection.connected) this.log.warn({ err, kind }, 'no wake-ups from NATS');
      await pause(waitMs - (Date.now() - begun), signal);
      return false;
    }
  }

  /** How many wake-ups of a kind nobody has taken yet. @throws NatsError when JetStream does not answer */
  async waiting(kind: TaskKind): Promise<number> {
    const consumer = await this.#consumer(kind);
    try {
      const info = await consumer.info();
      return info.num_pending + info.num_ack_pending;
    } catch (err) {
      this.#consumers.delete(kind);
      throw err;
    }
  }

  async #consumer(kind: TaskKind): Promise<Consumer> {
    const known = this.#consumers.get(kind);
    if (known) return known;
    const manager = await this.connection.nats.jetstreamManager({ timeout: JETSTREAM_TIMEOUT_MS });
    const stream = await manager.streams.info(WAKE_UP_STREAM).catch((err: unknown) => {
      if (err instanceof NatsError && err.code === NOT_FOUND) return undefined;
      throw err;
    });
    if (!stream) {
      await manager.streams.add({
        name: WAKE_UP_STREAM,
        subjects: [wakeUpSubject('video'), wakeUpSubject('image')],
        retention: RetentionPolicy.Workqueue,
        storage: StorageType.File,
        max_msgs: MAX_WAKE_UPS,
      });
    }
    await manager.consumers.add(WAKE_UP_STREAM, {
      durable_name: kind,
      filter_subject: wakeUpSubject(kind),
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(ACK_WAIT_MS),
    });
    const consumer = await this.connection.nats
      .jetstream({ timeout: JETSTREAM_TIMEOUT_MS })
      .consumers.get(WAKE_UP_STREAM, kind);
    this.#consumers.set(kind, consumer);
    return consumer;
  }
}

/**
 * How a pull ended. A server ends one that had nothing to give by saying so: where it said nothing, the consumer may be
 * gone with its store. Nobody else may tell, as a pull of a consumer that is no more is not always refused.
 */
type Pull = 'taken' | 'nothing' | 'unanswered' | 'aborted';

/** Pulls one message and acknowledges it. */
async function takeOne(consumer: Consumer, expires: number, signal: AbortSignal): Promise<Pull> {
  const messages = await consumer.fetch({ max_messages: 1, expires });
  // The end of its subscription ends the pull at the server too: no wake-up goes to a worker that waits no more.
  const stop = () => void messages.close();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const ended = endedByServer(messages);
    for await (const message of messages) {
      message.ack();
      return 'taken';
    }
    if (signal.aborted) return 'aborted';
    return (await ended) ? 'nothing' : 'unanswered';
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Resolves, when the pull is over, to whether the server has taken back what it had not given. */
async function endedByServer(messages: ConsumerMessages): Promise<boolean> {
  let ended = false;
  for await (const { type } of await messages.status()) ended ||= type === ConsumerDebugEvents.Discard;
  return ended;
}

async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  let stop = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
    // After an abort nobody waits for it any more; its failure means nothing then.
    promise.catch(() => {});
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0) return;
  await sleep(ms, undefined, { signal }).catch(() => {
    // Aborted: the wait is over.
  });
}
