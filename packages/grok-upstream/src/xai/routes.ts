import { ProxyTunnels } from '@grok2api/safe-fetch';
import { Agent, Client } from 'undici';

// Less than servers and proxies allow, so that hardly a request meets a connection that is being closed.
const KEEP_ALIVE_MS = 30_000;
/** Routes that are kept open, give or take those in use. */
const MAX_ROUTES = 200;

/** A way to the upstream, through one proxy or none, and the connections on it. */
class Route {
  /** Calls that have not got their answer yet. */
  calls = 0;
  /** As many connections as calls in flight: a chat that waited for another's to become free would stand still. */
  readonly shared: Agent;
  readonly #tunnels: ProxyTunnels | undefined;
  readonly #connectTimeoutMs: number;

  constructor(proxyUrl: string | undefined, connectTimeoutMs: number) {
    this.#connectTimeoutMs = connectTimeoutMs;
    this.#tunnels = proxyUrl === undefined ? undefined : new ProxyTunnels(proxyUrl, connectTimeoutMs);
    this.shared = new Agent({ ...this.#connectionOptions(), pipelining: 1, keepAliveTimeout: KEEP_ALIVE_MS });
  }

  /** A connection for a single call, which the caller destroys. */
  ownConnection(origin: string): Client {
    return new Client(origin, { ...this.#connectionOptions(), pipelining: 0 });
  }

  /** Waits for what still comes over the shared connections, then closes them. */
  async close(): Promise<void> {
    await this.shared.close();
    await this.#tunnels?.close();
  }

  // undici's own time-outs begin anew with each byte: a slow drip would keep a call for ever. Where the whole call has
  // its time they are off.
  #connectionOptions() {
    const connect = this.#tunnels?.connect ?? { timeout: this.#connectTimeoutMs };
    return { connect, headersTimeout: 0, bodyTimeout: 0 };
  }
}

/** The ways to the upstream: one for each proxy, those that were not used for longest closed when they are many. */
export class Routes {
  /** By proxy; the one that was not used for longest first. */
  readonly #routes = new Map<string | undefined, Route>();

  constructor(private readonly connectTimeoutMs: number) {}

  /** Makes a call on the route through a proxy. What it leaves open on a shared connection may go on. @throws what `call` does */
  async use<Result>(proxyUrl: string | undefined, call: (route: Route) => Promise<Result>): Promise<Result> {
    const route = this.#routes.get(proxyUrl) ?? new Route(proxyUrl, this.connectTimeoutMs);
    this.#routes.delete(proxyUrl);
    this.#routes.set(proxyUrl, route);
    route.calls++;
    try {
      this.#closeSurplus();
      return await call(route);
    } finally {
      route.calls--;
    }
  }

  /** Waits for the calls in flight on shared connections, then closes these. */
  async close(): Promise<void> {
    await Promise.all([...this.#routes.values()].map((route) => route.close()));
  }

  #closeSurplus(): void {
    for (const [proxyUrl, route] of this.#routes) {
      if (this.#routes.size <= MAX_ROUTES) return;
      if (route.calls > 0) continue;
      this.#routes.delete(proxyUrl);
      // What is left open on it may take its time.
      void route.close();
    }
  }
}
