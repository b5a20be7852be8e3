import { type Logger, Metrics } from '@grok2api/service-kit';
import { connect, Events, type Msg, type NatsConnection, type Subscription } from 'nats';
import { type BusMetrics, busMetrics } from './bus-metrics.js';
import { Endpoint } from './endpoint.js';
import { subjectTemplate } from './subject-template.js';

export interface ConnectOptions {
  /** `nats://user:password@host:port`, several separated by commas. */
  url: string;
  /** Shown in the server's list of connections. */
  name: string;
  log: Logger;
  /** Where its messages are counted. */
  metrics?: BusMetrics;
}

const RECONNECT_WAIT_MS = 250;
const PING_INTERVAL_MS = 10_000;

/** A connection that comes back by itself, for as long as the process lives. */
export class Connection {
  readonly #reconnectListeners = new Set<() => void>();
  readonly #served: Subscription[] = [];
  readonly #answering = new Set<Promise<void>>();
  readonly #endpoints: Endpoint[] = [];
  #connected = true;
  #malformed = 0;

  private constructor(
    readonly nats: NatsConnection,
    /** What begins the inboxes that this side may listen to. */
    readonly inboxPrefix: string,
    readonly metrics: BusMetrics,
    private readonly log: Logger,
  ) {
    metrics.connected.readFrom(() => [{ labels: {}, value: this.connected ? 1 : 0 }]);
  }

  /** Connects; waits for the server as long as it takes. */
  static async open(options: ConnectOptions): Promise<Connection> {
    const { servers, user, pass, tls } = parseServers(options.url);
    const inboxPrefix = inboxPrefixOf(user);
    const nats = await connect({
      servers,
      ...(user === undefined ? {} : { user, pass: pass ?? '' }),
      ...(tls ? { tls: {} } : {}),
      name: options.name,
      inboxPrefix,
      waitOnFirstConnect: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_WAIT_MS,
      // A half-open connection is noticed after two pings without an answer.
      pingInterval: PING_INTERVAL_MS,
      maxPingOut: 2,
      ignoreClusterUpdates: true,
    });
    const connection = new Connection(
      nats,
      inboxPrefix,
      options.metrics ?? busMetrics(new Metrics('bus')),
      options.log,
    );
    void connection.#watch();
    return connection;
  }

  /** Whether the server is reachable as far as this side knows, and the connection not being closed. */
  get connected(): boolean {
    return this.#connected && !this.#closing;
  }

  get #closing(): boolean {
    return this.nats.isClosed() || this.nats.isDraining();
  }

  /** Messages so far that were dropped because they were malformed. */
  get malformed(): number {
    return this.#malformed;
  }

  /** Counts a message that is dropped because it is malformed, and logs what it is and where it came. */
  dropMalformed(what: string, fields: { subject: string; [field: string]: unknown }): void {
    this.#malformed++;
    this.metrics.malformed.inc({ subject: subjectTemplate(fields.subject) });
    this.log.warn(fields, `malformed ${what}`);
  }

  /** Calls the listener after each reconnect. Returns what removes it. */
  onReconnect(listener: () => void): () => void {
    this.#reconnectListeners.add(listener);
    return () => this.#reconnectListeners.delete(listener);
  }

  /** Sends a message, unless the connection is closed: then nobody waits for it. */
  send(subject: string, message: Uint8Array, reply?: string): void {
    if (!this.#closing) this.nats.publish(subject, message, reply === undefined ? undefined : { reply });
  }

  /** Calls the listener, which must not throw, for each message on a subject. */
  listen(subject: string, listener: (message: Msg) => void): Subscription {
    const callback = (err: Error | null, message: Msg) => {
      if (err) this.log.error({ err, subject }, 'subscription failed');
      else listener(message);
    };
    return this.nats.subscribe(subject, { callback });
  }

  /** What this process answers. */
  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  /** Answers the requests on a subject as one of a queue group, until `close`. */
  serve(subject: string, queue: string, answer: (request: Msg, endpoint: Endpoint) => Promise<void>): void {
    const endpoint = new Endpoint(subject, queue, this.metrics);
    this.#endpoints.push(endpoint);
    const callback = (err: Error | null, request: Msg) => {
      if (err) {
        this.log.error({ err, subject }, 'subscription failed');
        return;
      }
      const answered = answer(request, endpoint)
        .catch((cause: unknown) => this.log.error({ err: cause, subject }, 'a reply could not be sent'))
        .finally(() => this.#answering.delete(answered));
      this.#answering.add(answered);
    };
    this.#served.push(this.nats.subscribe(subject, { queue, callback }));
  }

  /** Takes no more requests, and waits until those in hand are answered. Doing it again waits for nothing. */
  async stopServing(): Promise<void> {
    // Draining needs the server; without it nobody could be answered.
    if (!this.connected) return;
    await Promise.all(this.#served.splice(0).map((subscription) => subscription.drain()));
    await Promise.all(this.#answering);
  }

  /** Lets buffered messages be sent, then closes. Handlers get no more replies of others: stop serving first. */
  async close(): Promise<void> {
    if (this.nats.isClosed()) return;
    if (this.connected) await this.nats.drain();
    // Draining leaves the connection open when the server goes away meanwhile.
    await this.nats.close();
  }

  async #watch(): Promise<void> {
    for await (const status of this.nats.status()) {
      if (status.type === Events.Disconnect) {
        this.#connected = false;
        this.log.warn('connection to NATS lost');
      } else if (status.type === Events.Reconnect) {
        this.#connected = true;
        this.metrics.reconnects.inc();
        this.log.info('connected to NATS again');
        for (const listener of this.#reconnectListeners) listener();
      } else if (status.type === Events.Error) {
        this.log.warn({ reason: String(status.data) }, 'NATS reports an error');
      }
    }
  }
}

// An inbox that only its own user may listen to, where the server says so: replies hold secrets.
function inboxPrefixOf(user: string | undefined): string {
  return user === undefined ? '_INBOX' : `_INBOX.${user.replace(/[^\w-]/g, '_')}`;
}

// The client takes user and password apart from the addresses.
function parseServers(text: string): { servers: string[]; user?: string; pass?: string; tls: boolean } {
  const urls = text.split(',').map((part) => new URL(part.trim()));
  const servers = urls.map((url) => url.host);
  const first = urls[0];
  const tls = first?.protocol === 'tls:';
  if (!first?.username) return { servers, tls };
  return { servers, user: decodeURIComponent(first.username), pass: decodeURIComponent(first.password), tls };
}
