import type { LookupAddress } from 'node:dns';
import { isIPv6, Socket } from 'node:net';
import { buildConnector, Pool } from 'undici';
import { type AddressGuard, portOf } from './address-guard.js';
import { ConnectFailedError } from './errors.js';

/** Addresses of a host that the proxy is asked for, one after the other. */
const ADDRESSES_TRIED = 3;

export interface ProxiedConnector {
  connect: buildConnector.connector;
  /** Ends every connection to the proxy. */
  close(): Promise<void>;
}

/**
 * Connects through an HTTP proxy. Names are resolved and judged on this side, and the proxy is asked for an address
 * that was judged (`CONNECT address:port`): given a name it would resolve that anew, and perhaps otherwise. Plain HTTP
 * takes the same way, for a proxy that is sent a whole request reads the name in it.
 * @param proxyUrl with user name and password where the proxy wants them
 * @param direct connects to the networks that the operator allows: they are near, and need no proxy
 */
export function proxiedConnector(
  proxyUrl: string,
  guard: AddressGuard,
  timeoutMs: number,
  direct: buildConnector.connector,
): ProxiedConnector {
  const proxy = new URL(proxyUrl);
  const pool = new Pool(proxy.origin, { connect: { timeout: timeoutMs } });
  const withTls = buildConnector({ timeout: timeoutMs, maxCachedSessions: 0 });
  const authorization = authorizationOf(proxy);

  async function tunnelTo({ address }: LookupAddress, port: number): Promise<Socket> {
    const target = `${isIPv6(address) ? `[${address}]` : address}:${port}`;
    const { socket, statusCode } = await pool.connect({
      path: target,
      headers: { host: target, ...authorization },
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (statusCode === 200 && socket instanceof Socket) return socket;
    socket.on('error', () => {
      // Being closed early is what was asked.
    });
    socket.destroy();
    throw new Error(`the proxy answered ${statusCode}`);
  }

  async function firstTunnel(addresses: readonly LookupAddress[], port: number): Promise<Socket> {
    let cause: unknown;
    for (const address of addresses.slice(0, ADDRESSES_TRIED)) {
      try {
        return await tunnelTo(address, port);
      } catch (error) {
        cause = error;
      }
    }
    throw new ConnectFailedError('the proxy did not connect', { cause });
  }

  const connect: buildConnector.connector = (target, callback) => {
    const port = portOf(target);
    const opened = guard
      .addressesOf(target.hostname, port)
      .then((addresses) =>
        addresses.some((each) => guard.isAllowed(each)) ? undefined : firstTunnel(addresses, port),
      );
    opened.then(
      (tunnel) => {
        if (!tunnel) direct(target, callback);
        else if (target.protocol === 'https:') withTls({ ...target, httpSocket: tunnel }, callback);
        else callback(null, tunnel);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
    );
  };
  return { connect, close: () => pool.destroy() };
}

function authorizationOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}
