import type { Credential } from '@grok2api/contracts';
import { Agent, Client, type Dispatcher } from 'undici';
import { UpstreamError } from '../errors.js';
import type { CallOptions } from '../grok-upstream.js';
import { originOf } from '../origin.js';
import type { CallKind } from './faults.js';
import { parseRetryAfter } from './retry-after.js';
import { TimedOut, withinTime } from './within-time.js';

/** Limits of the calls. */
export interface ClientSettings {
  /** Until the connection, TLS included, stands. */
  connectTimeoutMs: number;
  /** The whole of a create, from its begin to the last byte of its answer. */
  createTimeoutMs: number;
  /** The same for every other call. */
  answerTimeoutMs: number;
  /** An answer with a longer body is given up. */
  maxAnswerBytes: number;
  now: () => number;
}

/** One call to be made. */
export interface XaiCall {
  kind: CallKind;
  method: 'GET' | 'POST';
  /** Below the credential's base URL, beginning with a slash. */
  path: string;
  /** Sent as JSON. */
  body?: object;
}

/** An answer that arrived, whatever its status. */
export interface XaiAnswer {
  status: number;
  text: string;
  /** The body as JSON, undefined when it is none. */
  json: unknown;
  /** Whether the body is whole. */
  complete: boolean;
  retryAfterMs: number | undefined;
}

class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge';
}

/**
 * Makes single HTTP calls to xAI: each at most once, within its limits, without following redirects. Creates go out on
 * a connection of their own, so that it is known whether they left; the rest share connections.
 */
export class XaiClient {
  readonly #settings: ClientSettings;
  readonly #pool: Agent;

  constructor(settings: ClientSettings) {
    this.#settings = settings;
    this.#pool = new Agent(this.#connectionOptions());
  }

  /**
   * @throws UpstreamError when no whole answer came: `aborted`, `transient`, or `credential_dead` when the key or the
   *   base URL cannot be put into a request
   */
  async call(credential: Credential, call: XaiCall, { signal, requestId }: CallOptions): Promise<XaiAnswer> {
    const target = targetOf(credential);
    const isCreate = call.kind === 'create';
    // A pooled connection may be closed by the other side just as a request is sent on it: nobody could tell whether
    // it arrived.
    const ownConnection = isCreate
      ? new Client(target.origin, { ...this.#connectionOptions(), pipelining: 0 })
      : undefined;
    let connected = false;
    ownConnection?.once('connect', () => {
      connected = true;
    });
    const dispatcher: Dispatcher = ownConnection ?? this.#pool;
    const timeoutMs = isCreate ? this.#settings.createTimeoutMs : this.#settings.answerTimeoutMs;
    try {
      return await withinTime(timeoutMs, signal, async (stop) => {
        const response = await dispatcher.request({
          origin: target.origin,
          method: call.method,
          path: target.path + call.path,
          headers: {
            authorization: `Bearer ${credential.secret}`,
            accept: 'application/json',
            ...(call.body ? { 'content-type': 'application/json' } : {}),
            ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
          },
          body: call.body ? JSON.stringify(call.body) : null,
          signal: stop,
        });
        return await this.#readAnswer(response);
      });
    } catch (cause) {
      const submitted = isCreate && connected ? 'unknown' : 'no';
      if (signal.aborted) {
        throw new UpstreamError('the call was aborted', {
          fault: 'aborted',
          outcome: 'not_counted',
          submitted,
          cause,
        });
      }
      throw new UpstreamError(describe(cause), { fault: 'transient', outcome: 'fault', submitted, cause });
    } finally {
      await ownConnection?.destroy();
    }
  }

  /** Waits for the calls in flight that share connections, then closes these. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  // undici's own time-outs begin anew with each byte: a slow drip would keep a call for ever. One clock runs instead.
  #connectionOptions() {
    return { connect: { timeout: this.#settings.connectTimeoutMs }, headersTimeout: 0, bodyTimeout: 0 };
  }

  async #readAnswer({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<XaiAnswer> {
    const chunks: Buffer[] = [];
    let size = 0;
    // Leaving the loop by an error destroys the body and with it the connection.
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > this.#settings.maxAnswerBytes) {
        throw new AnswerTooLarge(`the answer is longer than ${this.#settings.maxAnswerBytes} bytes`);
      }
      chunks.push(chunk);
    }
    const text = Buffer.concat(chunks).toString('utf8');
    const json = parseJson(text);
    // The end of a body without a length is the end of its connection, which a cut looks like.
    const framed = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
    const retryAfter = headers['retry-after'];
    return {
      status: statusCode,
      text,
      json,
      complete: framed || json !== undefined,
      retryAfterMs: parseRetryAfter(Array.isArray(retryAfter) ? retryAfter[0] : retryAfter, this.#settings.now()),
    };
  }
}

// The path is not normalised: the id of a job in it stays what it is.
function targetOf(credential: Credential): { origin: string; path: string } {
  const unusable = (what: string, cause?: unknown) =>
    new UpstreamError(`the credential's ${what}`, {
      fault: 'credential_dead',
      outcome: 'dead',
      submitted: 'no',
      cause,
    });
  if (!/^[\x21-\x7e]+$/.test(credential.secret)) throw unusable('key cannot be put into a header');
  try {
    const { pathname, protocol } = new URL(credential.base_url);
    if (protocol !== 'https:' && protocol !== 'http:') throw new TypeError(`not http: ${protocol}`);
    return { origin: originOf(credential), path: pathname.replace(/\/+$/, '') };
  } catch (err) {
    throw unusable('base URL is no http(s) URL', err);
  }
}

function describe(err: unknown): string {
  if (err instanceof AnswerTooLarge || err instanceof TimedOut) return err.message;
  // Messages of network errors name addresses; their codes do not.
  const code = err instanceof Error && 'code' in err && typeof err.code === 'string' ? err.code : 'unknown';
  return `the connection failed or was cut (${code})`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is an answer here: undefined.
    return undefined;
  }
}
