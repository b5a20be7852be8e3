import { isIP } from 'node:net';
import { portOf } from './address-guard.js';
import { AddressPolicy } from './address-policy.js';
import { BadUrlError, BlockedAddressError } from './errors.js';

/** The outcome of `checkPublicUrl`; `message` is fit for the client that named the URL. */
export type UrlCheck = { ok: true; url: URL } | { ok: false; reason: 'bad_url' | 'blocked_address'; message: string };

export interface UrlRules {
  policy: AddressPolicy;
  ports: readonly number[];
  trustedOrigins: ReadonlySet<string>;
}

export const DEFAULT_PORTS: readonly number[] = [80, 443];

/**
 * Checks, without asking DNS, whether a URL may be fetched later: http or https, no user name, port 80 or 443, and not
 * an address that is private. A name passes here and is judged by its addresses when it is fetched.
 * @param options the same as for `createSafeFetch`
 * @throws InvalidCidrError
 */
export function checkPublicUrl(
  text: string,
  options: { allow?: readonly string[]; trustedOrigins?: readonly string[] } = {},
): UrlCheck {
  const rules = {
    policy: new AddressPolicy(options.allow ?? []),
    ports: DEFAULT_PORTS,
    trustedOrigins: toOrigins(options.trustedOrigins ?? []),
  };
  try {
    return { ok: true, url: checkUrl(text, rules) };
  } catch (error) {
    if (error instanceof BadUrlError || error instanceof BlockedAddressError) {
      return { ok: false, reason: error.reason, message: error.message };
    }
    throw error;
  }
}

/**
 * Parses a URL that somebody else named, relative to `base` if given, and refuses what cannot be fetched.
 * An address as host is judged here, because connecting to one asks no resolver.
 * @throws BadUrlError, BlockedAddressError
 */
export function checkUrl(text: string, { policy, ports, trustedOrigins }: UrlRules, base?: string): URL {
  if (!URL.canParse(text, base)) throw new BadUrlError('not a URL');
  // Decimal, octal, hexadecimal and full-width forms of an IPv4 address all become the dotted one.
  const url = new URL(text, base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new BadUrlError('not an http or https URL');
  if (url.username !== '' || url.password !== '') throw new BadUrlError('a URL with a user name is not accepted');
  if (trustedOrigins.has(url.origin)) return url;

  const host = bareHost(url.hostname);
  if (isIP(host) && !policy.isReachable(host)) throw new BlockedAddressError('the address is not public');
  // A name may resolve into an allowed network, where every port is accepted: that is judged when connecting.
  const mayBeAllowed = isIP(host) ? policy.isAllowed(host) : policy.allowsNetworks;
  if (!ports.includes(portOf(url)) && !mayBeAllowed) throw new BadUrlError('the port is not accepted');
  return url;
}

/** The origins of URLs, as `URL.origin` writes them. */
export function toOrigins(urls: readonly string[]): Set<string> {
  return new Set(urls.map((url) => new URL(url).origin));
}

/** A host without the brackets of an IPv6 address. */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
