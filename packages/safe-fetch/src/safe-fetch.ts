import { lookup as dnsLookup } from 'node:dns/promises';
import type { Readable } from 'node:stream';
import { AddressGuard, type Lookup } from './address-guard.js';
import { AddressPolicy } from './address-policy.js';
import { openAgents } from './agents.js';
import { decodedBody, discard, rawBody } from './answer-body.js';
import { checkUrl, DEFAULT_PORTS, toOrigins, type UrlRules } from './check-url.js';
import { Deadline } from './deadline.js';
import { TooManyRedirectsError, toSafeFetchError } from './errors.js';

export interface SafeFetchOptions {
  /** Networks in CIDR notation that may be fetched from although they are not public, on every port. */
  allow?: readonly string[];
  /** An HTTP proxy for public addresses; it is asked for addresses that were resolved and judged here. */
  proxy?: string | undefined;
  /** URLs whose exact origins the operator configured: fetched from without a check of address and port, or a proxy. */
  trustedOrigins?: readonly string[];
  /** Ports of public hosts; 80 and 443 by default. */
  ports?: readonly number[];
  /** How names are resolved; by the operating system by default. */
  lookup?: Lookup;
}

interface RequestOptions {
  /** Sent to the origin of the URL, and to no other one when redirected. */
  headers?: Record<string, string>;
  /** For everything from the resolving of the name to the last byte of the body, redirects included. */
  timeoutMs: number;
  signal?: AbortSignal;
}

export interface GetOptions extends RequestOptions {
  /** Longest body, as it comes over the wire, and as it is once decompressed. */
  maxBytes: number;
  /** Longest silence of the other side. About half a second is added before it is noticed. */
  idleTimeoutMs: number;
  /** 3 by default. */
  maxRedirects?: number;
  /** Origins trusted for this one fetch, besides those of `createSafeFetch`. */
  trustedOrigins?: readonly string[];
}

export interface PostOptions extends RequestOptions {
  /** Sent as it is. */
  body: string;
}

export interface FetchResponse {
  /** Any status: it is the caller's to judge. */
  status: number;
  /** By lower-case name. */
  headers: Record<string, string | string[] | undefined>;
  /** Has to be read to its end or destroyed. Fails with a SafeFetchError, or with the reason of the caller's signal. */
  body: Readable;
  /** Where it came from in the end, after redirects. */
  url: string;
}

/** A client for addresses that somebody else named. */
export interface SafeFetch {
  /**
   * Fetches a URL and returns once the headers of the last answer are there. A compressed body is decompressed.
   * @throws SafeFetchError; the reason of `signal` if that aborts
   */
  get(url: string, options: GetOptions): Promise<FetchResponse>;
  /**
   * Sends a body to a URL, once, and returns once the headers of the answer are there. A redirect is an answer like
   * any other. The answer's body is as long as it is, and as it comes over the wire.
   * @throws SafeFetchError; the reason of `signal` if that aborts
   */
  post(url: string, options: PostOptions): Promise<FetchResponse>;
  /** Ends every connection. */
  close(): Promise<void>;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const DEFAULT_REDIRECTS = 3;

/**
 * Builds a client that connects to public addresses only (and to what its options add), judged when it connects and
 * again at every redirect, on a connection of its own for every request. Time, silence, redirects and bytes are bounded.
 * It uses no proxy but the one that it is given.
 * @throws InvalidCidrError
 */
export function createSafeFetch(options: SafeFetchOptions = {}): SafeFetch {
  const policy = new AddressPolicy(options.allow ?? []);
  const ports = options.ports ?? DEFAULT_PORTS;
  const lookup = options.lookup ?? ((hostname) => dnsLookup(hostname, { all: true }));
  const agents = openAgents(new AddressGuard(policy, ports, lookup), options.proxy);

  function rulesWith(trustedOrigins: readonly string[]): UrlRules {
    return { policy, ports, trustedOrigins: toOrigins([...(options.trustedOrigins ?? []), ...trustedOrigins]) };
  }

  async function request(url: URL, rules: UrlRules, deadline: Deadline, details: RequestDetails) {
    deadline.signal.throwIfAborted();
    const agent = rules.trustedOrigins.has(url.origin) ? agents.trusted : agents.guarded;
    const { method, headers, body, idleTimeoutMs } = details;
    const answer = agent.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      headers: { 'user-agent': 'grok2api', ...headers, 'accept-encoding': 'identity' },
      ...(body === undefined ? {} : { body }),
      headersTimeout: idleTimeoutMs,
      bodyTimeout: idleTimeoutMs,
      signal: deadline.signal,
    });
    // undici heeds the signal only when it is connected.
    return deadline.race(answer);
  }

  return {
    get(text, { maxBytes, idleTimeoutMs, maxRedirects = DEFAULT_REDIRECTS, trustedOrigins = [], ...getOptions }) {
      return withinTime(getOptions, async (deadline, toError) => {
        const rules = rulesWith(trustedOrigins);
        const first = checkUrl(text, rules);
        for (let url = first, redirects = 0; ; redirects++) {
          const headers = url.origin === first.origin ? getOptions.headers : undefined;
          const answer = await request(url, rules, deadline, { method: 'GET', headers, idleTimeoutMs });
          const { location } = answer.headers;
          if (!REDIRECTS.has(answer.statusCode) || typeof location !== 'string') {
            const body = decodedBody(answer, { maxBytes, toError, onClose: () => deadline.clear() });
            return { status: answer.statusCode, headers: answer.headers, body, url: url.href };
          }
          discard(answer.body);
          if (redirects === maxRedirects) throw new TooManyRedirectsError(`more than ${maxRedirects} redirects`);
          url = checkUrl(location, rules, url.href);
        }
      });
    },
    post(text, postOptions) {
      return withinTime(postOptions, async (deadline, toError) => {
        const rules = rulesWith([]);
        const url = checkUrl(text, rules);
        const { headers, body, timeoutMs } = postOptions;
        const answer = await request(url, rules, deadline, { method: 'POST', headers, body, idleTimeoutMs: timeoutMs });
        const limits = { maxBytes: Number.POSITIVE_INFINITY, toError, onClose: () => deadline.clear() };
        return {
          status: answer.statusCode,
          headers: answer.headers,
          body: rawBody(answer.body, limits),
          url: url.href,
        };
      });
    },
    close: () => agents.destroy(),
  };
}

interface RequestDetails {
  method: 'GET' | 'POST';
  headers: Record<string, string> | undefined;
  body?: string;
  idleTimeoutMs: number;
}

/** Asks under a deadline that lasts until the answer's body is closed. */
async function withinTime(
  { timeoutMs, signal }: RequestOptions,
  ask: (deadline: Deadline, toError: (cause: unknown) => Error) => Promise<FetchResponse>,
): Promise<FetchResponse> {
  const deadline = new Deadline(timeoutMs, signal);
  // What the caller's own signal says is not a fault of the fetch.
  const toError = (cause: unknown) =>
    cause instanceof Error && cause === signal?.reason ? cause : toSafeFetchError(cause);
  try {
    return await ask(deadline, toError);
  } catch (error) {
    deadline.clear();
    throw toError(error);
  }
}
