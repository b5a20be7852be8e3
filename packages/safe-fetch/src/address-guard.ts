import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import type { AddressPolicy } from './address-policy.js';
import { BlockedAddressError } from './errors.js';

/** Every address of a name. `dns.promises.lookup(name, { all: true })` is one. */
export type Lookup = (hostname: string) => Promise<LookupAddress[]>;

/** Says which addresses a host may be reached at. */
export class AddressGuard {
  constructor(
    private readonly policy: AddressPolicy,
    /** Ports of public hosts; on others only the networks that the operator allows. */
    private readonly ports: readonly number[],
    private readonly lookup: Lookup,
  ) {}

  /**
   * The addresses of a host that may be connected to on a port.
   * @throws BlockedAddressError when there is none; what the look-up throws
   */
  async addressesOf(host: string, port: number): Promise<[LookupAddress, ...LookupAddress[]]> {
    const family = isIP(host);
    const found = family === 0 ? await this.lookup(host) : [{ address: host, family }];
    const [first, ...others] = found.filter(({ address }) => this.#accepts(address, port));
    if (!first) throw new BlockedAddressError('the host has no address that may be fetched from');
    return [first, ...others];
  }

  /** Whether an address lies in a network that the operator allows. */
  isAllowed({ address }: LookupAddress): boolean {
    return this.policy.isAllowed(address);
  }

  #accepts(address: string, port: number): boolean {
    return this.ports.includes(port) ? this.policy.isReachable(address) : this.policy.isAllowed(address);
  }
}

/** The port that a connection goes to, named or not. */
export function portOf({ protocol, port }: { protocol: string; port: string }): number {
  return Number(port || (protocol === 'https:' ? 443 : 80));
}
