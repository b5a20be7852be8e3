import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import type { AddressPolicy } from './address-policy.js';
import { BlockedAddressError } from './errors.js';

/** Every address of a name. `dns.promises.lookup(name, { all: true })` is one. */
export type Lookup = (hostname: string) => Promise<LookupAddress[]>;

/**
 * Connects only to addresses that the policy accepts. It judges the very addresses that the socket then connects to:
 * there is no second resolving that could give another answer. Ports outside of `ports` need an allowed network.
 * Hosts that are addresses already have to be judged before, a socket does not resolve them.
 */
export function guardedConnector(
  policy: AddressPolicy,
  ports: readonly number[],
  lookup: Lookup,
  timeoutMs: number,
): buildConnector.connector {
  // A session of TLS is not kept: no connection is used twice.
  const connectTo = (accepts: (address: string) => boolean) =>
    buildConnector({ timeout: timeoutMs, maxCachedSessions: 0, lookup: filteredLookup(lookup, accepts) });
  const onUsualPort = connectTo((address) => policy.isReachable(address));
  const onOtherPort = connectTo((address) => policy.isAllowed(address));
  return (options, callback) => {
    const port = Number(options.port || (options.protocol === 'https:' ? 443 : 80));
    (ports.includes(port) ? onUsualPort : onOtherPort)(options, callback);
  };
}

function filteredLookup(lookup: Lookup, accepts: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname).then(
      (found) => {
        const accepted = found.filter(({ address }) => accepts(address));
        const [first] = accepted;
        if (!first) callback(new BlockedAddressError('the host has no address that may be fetched from'), '');
        else if (options.all) callback(null, accepted);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), ''),
    );
  };
}
