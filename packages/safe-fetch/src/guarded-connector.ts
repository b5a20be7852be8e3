import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { type AddressGuard, portOf } from './address-guard.js';

/**
 * Connects only to addresses that the guard accepts. It judges the very addresses that the socket then connects to:
 * there is no second resolving that could give another answer.
 * Hosts that are addresses already have to be judged before, a socket does not resolve them.
 */
export function guardedConnector(guard: AddressGuard, timeoutMs: number): buildConnector.connector {
  return (target, callback) => {
    const lookup = guardedLookup(guard, portOf(target));
    // A session of TLS is not kept: no connection is used twice.
    buildConnector({ timeout: timeoutMs, maxCachedSessions: 0, lookup })(target, callback);
  };
}

function guardedLookup(guard: AddressGuard, port: number): LookupFunction {
  return (hostname, options, callback) => {
    guard.addressesOf(hostname, port).then(
      (addresses) => {
        if (options.all) callback(null, addresses);
        else callback(null, addresses[0].address, addresses[0].family);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), ''),
    );
  };
}
