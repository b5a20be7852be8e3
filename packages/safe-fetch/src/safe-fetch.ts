import { lookup as dnsLookup } from 'node:dns/promises';
import { pipeline, type Readable } from 'node:stream';
import { Agent, type Dispatcher } from 'undici';
import { AddressPolicy } from './address-policy.js';
import { checkUrl, DEFAULT_PORTS, toOrigins, type UrlRules } from './check-url.js';
import { Deadline } from './deadline.js';
import { BadResponseError, BodyTooLargeError, TooManyRedirectsError, toSafeFetchError } from './errors.js';
import { guardedConnector, type Lookup } from './guarded-connector.js';
import { LimitedBody } from './limited-body.js';

export interface SafeFetchOptions {
  /** Networks in CIDR notation that may be fetched from although they are not public, on every port. */
  allow?: readonly string[];
  /** URLs whose exact origins the operator configured: fetched from without a check of address and port. */
  trustedOrigins?: readonly string[];
  /** Ports of public hosts; 80 and 443 by default. */
  ports?: readonly number[];
  /** How names are resolved; by the operating system by default. */
  lookup?: Lookup;
}

export interface GetOptions {
  /** Longest body, as it comes over the wire. */
  maxBytes: number;
  /** For everything from the resolving of the name to the last byte of the body, redirects included. */
  timeoutMs: number;
  /** Longest silence of the other side. About half a second is added before it is noticed. */
  idleTimeoutMs: number;
  /** 3 by default. */
  maxRedirects?: number;
  /** Origins trusted for this one fetch, besides those of `createSafeFetch`. */
  trustedOrigins?: readonly string[];
  /** Sent to the origin of the URL, and to no other one when redirected. */
  headers?: Record<string, string>;
  signal?: AbortSignal;
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
   * Fetches a URL and returns once the headers of the last answer are there.
   * @throws SafeFetchError; the reason of `signal` if that aborts
   */
  get(url: string, options: GetOptions): Promise<FetchResponse>;
  /** Ends every connection. */
  close(): Promise<void>;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Builds a client that connects to public addresses only (and to what its options add), judged when it connects and
 * again at every redirect, on a connection of its own for every request. Time, silence, redirects and bytes are bounded.
 * It uses no proxy.
 * @throws InvalidCidrError
 */
export function createSafeFetch(options: SafeFetchOptions = {}): SafeFetch {
  const policy = new AddressPolicy(options.allow ?? []);
  const ports = options.ports ?? DEFAULT_PORTS;
  const lookup = options.lookup ?? ((hostname) => dnsLookup(hostname, { all: true }));
  // Without pipelining undici closes a connection after its answer.
  const agentOptions: Agent.Options = {
    pipelining: 0,
    maxHeaderSize: 16_384,
    connect: { timeout: CONNECT_TIMEOUT_MS },
  };
  const trustedAgent = new Agent(agentOptions);
  const connect = guardedConnector(policy, ports, lookup, CONNECT_TIMEOUT_MS);
  const guardedAgent = new Agent({ ...agentOptions, connect });

  return {
    async get(text, fetchOptions) {
      const trusted = [...(options.trustedOrigins ?? []), ...(fetchOptions.trustedOrigins ?? [])];
      const rules = { policy, ports, trustedOrigins: toOrigins(trusted) };
      const deadline = new Deadline(fetchOptions.timeoutMs, fetchOptions.signal);
      const agentFor = (url: URL) => (rules.trustedOrigins.has(url.origin) ? trustedAgent : guardedAgent);
      const toError = (cause: unknown) =>
        // What the caller's own signal says is not a fault of the fetch.
        cause instanceof Error && cause === fetchOptions.signal?.reason ? cause : toSafeFetchError(cause);
      try {
        const { url, answer } = await followRedirects(text, rules, agentFor, fetchOptions, deadline);
        try {
          checkBody(answer.headers, fetchOptions.maxBytes);
        } catch (error) {
          discard(answer.body);
          throw error;
        }
        const body = new LimitedBody({
          maxBytes: fetchOptions.maxBytes,
          toError,
          onClose: () => deadline.clear(),
        });
        // The body reports an error itself, to whoever reads it.
        pipeline(answer.body, body, () => {});
        return { status: answer.statusCode, headers: answer.headers, body, url: url.href };
      } catch (error) {
        deadline.clear();
        throw toError(error);
      }
    },
    async close() {
      await Promise.all([trustedAgent.destroy(), guardedAgent.destroy()]);
    },
  };
}

async function followRedirects(
  text: string,
  rules: UrlRules,
  agentFor: (url: URL) => Dispatcher,
  options: GetOptions,
  deadline: Deadline,
): Promise<{ url: URL; answer: Dispatcher.ResponseData }> {
  const { maxRedirects = 3 } = options;
  const first = checkUrl(text, rules);
  for (let url = first, redirects = 0; ; redirects++) {
    deadline.signal.throwIfAborted();
    const request = agentFor(url).request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: 'GET',
      headers: {
        'user-agent': 'grok2api',
        ...(url.origin === first.origin ? options.headers : {}),
        'accept-encoding': 'identity',
      },
      headersTimeout: options.idleTimeoutMs,
      bodyTimeout: options.idleTimeoutMs,
      signal: deadline.signal,
    });
    // undici heeds the signal only when it is connected.
    const answer = await deadline.race(request);
    const { location } = answer.headers;
    if (!REDIRECTS.has(answer.statusCode) || typeof location !== 'string') return { url, answer };
    discard(answer.body);
    if (redirects === maxRedirects) throw new TooManyRedirectsError(`more than ${maxRedirects} redirects`);
    url = checkUrl(location, rules, url.href);
  }
}

function checkBody(headers: FetchResponse['headers'], maxBytes: number): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new BadResponseError('the answer is compressed, which was not accepted');
  }
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw new BodyTooLargeError(`more than ${maxBytes} bytes`);
}

/** Closes the connection of an answer that nobody reads. */
function discard(body: Readable): void {
  body.on('error', () => {
    // Being closed early is what was asked.
  });
  body.destroy();
}
