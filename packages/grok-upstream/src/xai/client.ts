import type { Credential } from '@grok2api/contracts';
import type { Dispatcher } from 'undici';
import type { CallOptions } from '../grok-upstream.js';
import { answerOf, readBody, type XaiAnswer } from './answer.js';
import { failureOf } from './call-failure.js';
import { type Target, targetOf } from './call-target.js';
import { type CallKind, isSuccess } from './faults.js';
import { Routes } from './routes.js';
import { withinTime } from './within-time.js';

/** Limits of the calls, and the way that they take. */
export interface ClientSettings {
  /** Until the connection, TLS included, stands. */
  connectTimeoutMs: number;
  /** The whole of a create, from its begin to the last byte of its answer, unless its caller says how long. */
  createTimeoutMs: number;
  /** The same for polls and reads. A chat has no clock but its caller's signal. */
  answerTimeoutMs: number;
  /** An answer with a longer body is given up. */
  maxAnswerBytes: number;
  /** The same for the whole answer to a chat. */
  maxChatAnswerBytes: number;
  /** A longer image is left out. */
  maxImageBytes: number;
  /** An HTTP proxy that every call goes through, if any, but those of credentials with a proxy of their own. */
  proxyUrl: string | undefined;
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

/** An answer whose body is still on its way. */
export type OpenAnswer = Pick<Dispatcher.ResponseData, 'statusCode' | 'headers' | 'body'>;

interface Manner {
  /** `application/json` unless it says otherwise. */
  accept?: string;
  /** Without it the caller's signal alone ends the call, and what the call leaves open. */
  timeoutMs?: number;
  /** The longest silence between two bytes, give or take a second. */
  idleTimeoutMs?: number;
}

/**
 * Makes single HTTP calls to xAI: each at most once, within its limits, without following redirects. Creates go out on
 * a connection of their own, so that it is known whether they left; the rest share connections.
 */
export class XaiClient {
  readonly settings: ClientSettings;
  readonly #routes: Routes;
  readonly #targets = new WeakMap<Credential, Target>();

  constructor(settings: ClientSettings) {
    this.settings = settings;
    this.#routes = new Routes(settings.connectTimeoutMs);
  }

  /**
   * @throws UpstreamError when no whole answer came: `aborted`, `transient`, or `credential_dead` when the key or the
   *   base URL cannot be put into a request
   */
  async call(credential: Credential, call: XaiCall, options: CallOptions): Promise<XaiAnswer> {
    const { createTimeoutMs, answerTimeoutMs, maxAnswerBytes, maxChatAnswerBytes, now } = this.settings;
    const manners = {
      create: { timeoutMs: createTimeoutMs },
      chat: {},
      poll: { timeoutMs: answerTimeoutMs },
      read: { timeoutMs: answerTimeoutMs },
    };
    return await this.#exchange(credential, call, options, manners[call.kind], async (answer) => {
      const isChat = call.kind === 'chat' && isSuccess(answer.statusCode);
      return answerOf(answer, await readBody(answer.body, isChat ? maxChatAnswerBytes : maxAnswerBytes), now());
    });
  }

  /**
   * Makes a create whose answer is read as it comes, within the time of the whole call.
   * @throws UpstreamError as `call` does; what `read` throws is `transient`, unless it is an UpstreamError
   */
  async receive<Result>(
    credential: Credential,
    call: XaiCall & { kind: 'create' },
    options: CallOptions & { timeoutMs: number },
    read: (answer: OpenAnswer) => Promise<Result>,
  ): Promise<Result> {
    return await this.#exchange(credential, call, options, { timeoutMs: options.timeoutMs }, read);
  }

  /**
   * Begins a call for server-sent events on a shared connection and leaves its answer open. The signal and the idle time
   * bind the body too: it ends with an error. The body must be read or destroyed.
   * @throws UpstreamError as `call` does, when no answer began
   */
  async open(
    credential: Credential,
    call: XaiCall & { kind: 'chat' },
    options: CallOptions & { idleTimeoutMs: number },
  ): Promise<OpenAnswer> {
    const manner = { accept: 'text/event-stream', idleTimeoutMs: options.idleTimeoutMs };
    return await this.#exchange(credential, call, options, manner, async (answer) => answer);
  }

  /** Waits for the calls in flight that share connections, then closes these. */
  async close(): Promise<void> {
    await this.#routes.close();
  }

  async #exchange<Result>(
    credential: Credential,
    call: XaiCall,
    { signal, requestId }: CallOptions,
    { accept = 'application/json', timeoutMs, idleTimeoutMs = 0 }: Manner,
    read: (answer: OpenAnswer) => Promise<Result>,
  ): Promise<Result> {
    const target = this.#targetOf(credential);
    const isCreate = call.kind === 'create';
    let connected = false;
    const exchangeOn = async (dispatcher: Dispatcher) =>
      withinTime(timeoutMs, signal, async (stop) =>
        read(
          await dispatcher.request({
            origin: target.origin,
            method: call.method,
            path: target.path + call.path,
            headers: {
              authorization: `Bearer ${credential.secret}`,
              accept,
              ...(call.body ? { 'content-type': 'application/json' } : {}),
              ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
            },
            body: call.body ? JSON.stringify(call.body) : null,
            signal: stop,
            headersTimeout: idleTimeoutMs,
            bodyTimeout: idleTimeoutMs,
          }),
        ),
      );
    try {
      return await this.#routes.use(credential.proxy_url ?? this.settings.proxyUrl, async (route) => {
        if (!isCreate) return await exchangeOn(route.shared);
        // A pooled connection may be closed by the other side just as a request is sent on it: nobody could tell whether
        // it arrived.
        const connection = route.ownConnection(target.origin);
        connection.once('connect', () => {
          connected = true;
        });
        try {
          return await exchangeOn(connection);
        } finally {
          await connection.destroy();
        }
      });
    } catch (cause) {
      throw failureOf(cause, signal.aborted, isCreate && connected ? 'unknown' : 'no');
    }
  }
  /** A credential is held for many calls. */
  #targetOf(credential: Credential): Target {
    const known = this.#targets.get(credential);
    if (known) return known;
    const target = targetOf(credential);
    this.#targets.set(credential, target);
    return target;
  }
}
