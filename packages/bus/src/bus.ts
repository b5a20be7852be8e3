import {
  cancelSubject,
  progressSubject,
  type Rpc,
  type StreamRpc,
  type TaskEvent,
  type Topic,
  taskEventSchema,
} from '@grok2api/contracts';
import type { Logger } from '@grok2api/service-kit';
import { z } from 'zod';
import { Connection, type ConnectOptions } from './connection.js';
import { answers, discover, type FoundProcess } from './discovery.js';
import { publish, type Subscription, subscribe } from './events.js';
import { type CallOptions, call, type RpcHandler, serve } from './request.js';
import { type AnnouncedProcess, offerServiceApi } from './service-api.js';
import type { ReplyStream } from './streamed-reply/incoming-reply.js';
import { type OpenStreamOptions, StreamRequester } from './streamed-reply/requester.js';
import { type ServeStreamOptions, type StreamHandler, StreamResponder } from './streamed-reply/responder.js';
import { WakeUps } from './wake-ups.js';

export interface StopOptions {
  /** How long the streams being written may still go on, in milliseconds; as long as they take by default. */
  graceMs?: number;
}

/** One process' access to the bus. */
export class Bus {
  readonly wakeUps: WakeUps;
  readonly #requester: StreamRequester;
  readonly #responder: StreamResponder;
  #hide: () => void = () => {};

  private constructor(
    private readonly connection: Connection,
    private readonly log: Logger,
  ) {
    this.wakeUps = new WakeUps(connection, log);
    this.#requester = new StreamRequester(connection, log);
    this.#responder = new StreamResponder(connection, log);
  }

  /** Connects; waits for the server as long as it takes. */
  static async connect(options: ConnectOptions): Promise<Bus> {
    return new Bus(await Connection.open(options), options.log);
  }

  /** Whether the server is reachable as far as this side knows. */
  get connected(): boolean {
    return this.connection.connected;
  }

  /** Messages so far that this process dropped because they were malformed. */
  get malformed(): number {
    return this.connection.malformed;
  }

  /**
   * Sends a request and waits for its reply.
   * @throws NoResponderError at once when nobody serves it, BusTimeoutError, RemoteError
   */
  call<Request extends z.ZodType, Reply extends z.ZodType>(
    rpc: Rpc<Request, Reply>,
    request: z.infer<Request>,
    options: CallOptions,
  ): Promise<z.infer<Reply>> {
    return call(this.connection, rpc, request, options);
  }

  /** Serves a request in its service's queue group until the connection closes. */
  serve<Request extends z.ZodType, Reply extends z.ZodType>(
    rpc: Rpc<Request, Reply>,
    handler: RpcHandler<Request, Reply>,
  ): void {
    serve(this.connection, this.log, rpc, handler);
  }

  /**
   * Sends a request whose reply is a stream of bytes. Throws nothing: the reading of the stream does.
   * `streamed-reply/protocol.ts` describes what happens on the bus.
   */
  openStream<Request extends z.ZodType>(
    rpc: StreamRpc<Request>,
    request: z.infer<Request>,
    options: OpenStreamOptions,
  ): ReplyStream {
    return this.#requester.open(rpc, request, options);
  }

  /** Serves a request whose reply is a stream, in its service's queue group, until the connection closes. */
  serveStream<Request extends z.ZodType>(
    rpc: StreamRpc<Request>,
    handler: StreamHandler<Request>,
    options: ServeStreamOptions,
  ): void {
    this.#responder.serve(rpc, handler, options);
  }

  /** Publishes to whoever listens now. At most once, and not at all without a connection: nothing may depend on it. */
  publish<Event extends z.ZodType>(topic: Topic<Event>, event: z.infer<Event>): void {
    publish(this.connection, topic.subject, event);
  }

  /** Calls the handler for each event of a topic. */
  on<Event extends z.ZodType>(topic: Topic<Event>, handler: (event: z.infer<Event>) => void): Subscription {
    return subscribe(this.connection, this.log, topic, handler);
  }

  /** Publishes a write to a task. At most once; readers recover from Postgres. */
  publishTaskEvent(event: TaskEvent): void {
    publish(this.connection, progressSubject(event.id), event);
  }

  /** Calls the handler for each published write to a task. */
  onTaskEvent(taskId: string, handler: (event: TaskEvent) => void): Subscription {
    return subscribe(this.connection, this.log, { subject: progressSubject(taskId), event: taskEventSchema }, handler);
  }

  /** Tells the worker that runs a task, if any, to leave it. The row says the same. */
  publishCancel(taskId: string): void {
    publish(this.connection, cancelSubject(taskId), {});
  }

  /** Calls the handler when a task is to be left. */
  onCancel(taskId: string, handler: () => void): Subscription {
    return subscribe(this.connection, this.log, { subject: cancelSubject(taskId), event: z.object({}) }, handler);
  }

  /** Resolves when the server has taken everything sent before, subscriptions included. */
  flush(): Promise<void> {
    return this.connection.nats.flush();
  }

  /** Calls the listener after each reconnect. Returns what removes it. */
  onReconnect(listener: () => void): () => void {
    return this.connection.onReconnect(listener);
  }

  /**
   * Makes this process visible by the NATS services protocol until it stops serving, and lets operators ask for its
   * metrics and set its log level. Resolves when the server knows this and everything subscribed before.
   */
  async announce(announced: AnnouncedProcess): Promise<void> {
    this.#hide = offerServiceApi(this.connection, this.log, announced);
    await this.flush();
  }

  /** Whether any process of a service answers within the time. */
  answers(service: string, timeoutMs: number): Promise<boolean> {
    return answers(this.connection, service, timeoutMs);
  }

  /** Every process that answers within the time, which is waited for to its end; none without a connection. */
  discover(withinMs: number): Promise<FoundProcess[]> {
    return discover(this.connection, withinMs);
  }

  /**
   * Takes no more requests and lets running handlers finish, those of streams for the time of grace: then their
   * replies end with `service_unavailable`. Calls of this process' own still work.
   */
  async stopServing({ graceMs }: StopOptions = {}): Promise<void> {
    this.#hide();
    this.#hide = () => {};
    const late = graceMs === undefined ? undefined : setTimeout(() => this.#responder.stop(), graceMs);
    await this.connection.stopServing();
    clearTimeout(late);
    this.#responder.stop();
  }

  /** The same; then sends what is buffered, and closes. Streams still being read end. */
  async close(options: StopOptions = {}): Promise<void> {
    await this.stopServing(options);
    this.#requester.close();
    await this.connection.close();
  }
}
