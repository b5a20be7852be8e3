import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** An allowed network is not in CIDR notation, such as `10.0.0.0/8` or `fd00::/8`. */
export class InvalidCidrError extends Error {
  override readonly name = 'InvalidCidrError';
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Which addresses may be connected to: every public one, and the networks that the operator allows. */
export class AddressPolicy {
  readonly #allowed: [Address, number][];

  /** @throws InvalidCidrError */
  constructor(allow: readonly string[]) {
    this.#allowed = allow.map((cidr) => {
      try {
        return ipaddr.parseCIDR(cidr);
      } catch (cause) {
        throw new InvalidCidrError(`"${cidr}" is no network in CIDR notation`, { cause });
      }
    });
  }

  /** Whether the operator allows any network: then a name may turn out to be in one of them. */
  get allowsNetworks(): boolean {
    return this.#allowed.length > 0;
  }

  /** Whether an address is within the networks that the operator allows. */
  isAllowed(address: string): boolean {
    const parsed = parse(address);
    if (!parsed) return false;
    return [parsed, embeddedIPv4(parsed)].some(
      (one) =>
        one && this.#allowed.some(([network, bits]) => one.kind() === network.kind() && one.match(network, bits)),
    );
  }

  /** Whether an address is public or allowed. Anything that is no IP address is not. */
  isReachable(address: string): boolean {
    return isPublic(address) || this.isAllowed(address);
  }
}

const GLOBAL_UNICAST_V6 = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an address is globally routable unicast by the registries of special-purpose addresses
 * (https://www.iana.org/assignments/iana-ipv4-special-registry, …-ipv6-special-registry).
 * An IPv6 address that carries an IPv4 address is judged by that.
 */
function isPublic(address: string): boolean {
  const parsed = parse(address);
  if (!parsed) return false;
  const judged = embeddedIPv4(parsed) ?? parsed;
  if (judged.range() !== 'unicast') return false;
  // Of IPv6 only this part is given out; `::127.0.0.1`, for one, counts as unicast but is outside.
  return judged instanceof ipaddr.IPv4 || judged.match(GLOBAL_UNICAST_V6);
}

function parse(address: string): Address | undefined {
  // ipaddr.js also reads short and octal forms, which no resolver gives.
  return isIP(address) ? ipaddr.parse(address) : undefined;
}

const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/** The IPv4 address that a mapped (`::ffff:a.b.c.d`), NAT64 (RFC 6052) or 6to4 (RFC 3056) address leads to. */
function embeddedIPv4(address: Address): ipaddr.IPv4 | undefined {
  if (address instanceof ipaddr.IPv4) return undefined;
  const bytes = address.toByteArray();
  if (address.isIPv4MappedAddress() || address.match(NAT64)) return new ipaddr.IPv4(bytes.slice(12, 16));
  if (address.range() === '6to4') return new ipaddr.IPv4(bytes.slice(2, 6));
  return undefined;
}
