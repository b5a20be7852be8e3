import type { LookupAddress } from 'node:dns';
import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { type AddressGuard, portOf } from './address-guard.js';
import { ConnectFailedError } from './errors.js';
import type { ProxyTunnels } from './proxy-tunnels.js';

/** Addresses of a host that the proxy is asked for, one after the other. */
const ADDRESSES_TRIED = 3;

/**
 * Connects through an HTTP proxy. Names are resolved and judged on this side, and the proxy is asked for an address
 * that was judged (`CONNECT address:port`): given a name it would resolve that anew, and perhaps otherwise.
 * @param direct connects to the networks that the operator allows: they are near, and need no proxy
 */
export function proxiedConnector(
  tunnels: ProxyTunnels,
  guard: AddressGuard,
  direct: buildConnector.connector,
): buildConnector.connector {
  async function firstTunnel(addresses: readonly LookupAddress[], port: number): Promise<Socket> {
    let cause: unknown;
    for (const { address } of addresses.slice(0, ADDRESSES_TRIED)) {
      try {
        return await tunnels.open(address, port);
      } catch (error) {
        cause = error;
      }
    }
    throw new ConnectFailedError('the proxy did not connect', { cause });
  }

  return (target, callback) => {
    const port = portOf(target);
    guard.addressesOf(target.hostname, port).then(
      (addresses) => {
        if (addresses.some((each) => guard.isAllowed(each))) direct(target, callback);
        else tunnels.connectVia(firstTunnel(addresses, port), target, callback);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
    );
  };
}
