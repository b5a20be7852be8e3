import { isIPv6, Socket } from 'node:net';
import { buildConnector, Pool } from 'undici';
import { portOf } from './address-guard.js';

/** Connections through an HTTP proxy, which is asked to `CONNECT`, of plain HTTP too. */
export class ProxyTunnels {
  readonly #pool: Pool;
  readonly #authorization: Record<string, string>;
  readonly #timeoutMs: number;
  readonly #withTls: buildConnector.connector;

  /**
   * @param proxyUrl `http://user:password@host:port`, or https
   * @param timeoutMs for reaching the proxy, for its answer, and for TLS with whom it connects to
   */
  constructor(proxyUrl: string, timeoutMs: number) {
    const proxy = new URL(proxyUrl);
    this.#pool = new Pool(proxy.origin, { connect: { timeout: timeoutMs } });
    this.#authorization = authorizationOf(proxy);
    this.#timeoutMs = timeoutMs;
    this.#withTls = buildConnector({ timeout: timeoutMs, maxCachedSessions: 0 });
  }

  /** Connects through the proxy to what it is to find out by the host's name. For hosts that the operator names. */
  readonly connect: buildConnector.connector = (target, callback) => {
    this.connectVia(this.open(target.hostname, portOf(target)), target, callback);
  };

  /** A connection to a host, which is a name or an address. @throws Error when the proxy cannot be reached, or refuses */
  async open(host: string, port: number): Promise<Socket> {
    const hostAndPort = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
    const { socket, statusCode } = await this.#pool.connect({
      path: hostAndPort,
      headers: { host: hostAndPort, ...this.#authorization },
      signal: AbortSignal.timeout(this.#timeoutMs),
    });
    if (statusCode === 200 && socket instanceof Socket) return socket;
    socket.on('error', () => {
      // Being closed early is what was asked.
    });
    socket.destroy();
    throw new Error(`the proxy answered ${statusCode}`);
  }

  /** Does a connector's work with a tunnel that was opened: speaks TLS with the host, by its name, where that is wanted. */
  connectVia(tunnel: Promise<Socket>, target: buildConnector.Options, callback: buildConnector.Callback): void {
    tunnel.then(
      (socket) => {
        if (target.protocol === 'https:') this.#withTls({ ...target, httpSocket: socket }, callback);
        else callback(null, socket);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
    );
  }

  /** Ends every connection to the proxy that is not a tunnel yet. */
  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

function authorizationOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}
