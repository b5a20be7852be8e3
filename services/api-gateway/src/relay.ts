import { BusTimeoutError, ResponderLostError } from '@grok2api/bus';
import type { Logger } from '@grok2api/service-kit';
import type { Response } from 'express';
import { GatewayStoppingError } from './gateway-stopping-error.js';
import { JSON_HEADERS, SSE_HEADERS } from './idempotency/kept-reply.js';
import { toApiError } from './middleware/errors.js';
import { JsonReply } from './reply/json-reply.js';
import type { Reply } from './reply/reply.js';
import { SseReply } from './reply/sse-reply.js';

/** One request whose reply a service streams. */
export interface RelayedRequest {
  /** Sends the request; the signal ends its reply. */
  send: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
  format: 'json' | 'sse';
  /**
   * Whether it may be sent once more when the service that answers dies before its first byte. What is paid for may not,
   * neither by this gateway nor by the client.
   */
  repeatable: boolean;
}

/** What leaves open whether a service has done what it was asked for. */
const MAY_BE_SERVED = [ResponderLostError, BusTimeoutError, GatewayStoppingError];
const UNCLEAR_HEADERS = { 'x-should-retry': 'false' };

/** The client has left: there is nobody to answer. */
class ClientLeftError extends Error {
  override readonly name = 'ClientLeftError';
}

/** Passes replies of services on to clients, byte by byte as they come. */
export class Relays {
  readonly #running = new Map<AbortController, Promise<void>>();

  constructor(
    private readonly log: Logger,
    private readonly now: () => number,
  ) {}

  /**
   * Answers a request by what a service replies. Bytes are never held back; a client that reads slowly slows the
   * service down. A client that leaves ends the reply at its source, unless it is paid for and the client may come back
   * for it with its Idempotency-Key.
   * @throws ApiError before the first byte; afterwards the answer itself tells of the fault
   */
  relay(res: Response, request: RelayedRequest): Promise<void> {
    const stop = new AbortController();
    if (!outlivesClient(res, request)) {
      res.once('close', () => {
        if (!res.writableFinished) stop.abort(new ClientLeftError('the client left'));
      });
    }
    const running = this.#relay(res, request, stop.signal).finally(() => this.#running.delete(stop));
    this.#running.set(stop, running);
    return running;
  }

  /** Lets running replies end, then tells those who still wait that this gateway stops. */
  async close(graceMs: number): Promise<void> {
    const stop = () => {
      for (const controller of this.#running.keys()) controller.abort(new GatewayStoppingError());
    };
    const late = setTimeout(stop, graceMs);
    await Promise.allSettled(this.#running.values());
    clearTimeout(late);
  }

  async #relay(res: Response, request: RelayedRequest, signal: AbortSignal): Promise<void> {
    const { format, repeatable } = request;
    const reply: Reply = format === 'sse' ? new SseReply(res, this.now) : new JsonReply(res);
    let begun = false;
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          for await (const bytes of kept(res, request, signal)) {
            begun = true;
            if (!res.destroyed) await reply.write(bytes);
          }
          if (!res.destroyed) reply.end();
          return;
        } catch (err) {
          const again = repeatable && !begun && attempt === 1 && err instanceof ResponderLostError;
          if (!again) throw err;
          this.log.warn({ err, request_id: res.locals.requestId }, 'a service was lost, asking another one');
        }
      }
    } catch (err) {
      if (err instanceof ClientLeftError || (res.destroyed && !outlivesClient(res, request))) return;
      if (!reply.started) throw repeatable ? err : unclear(err);
      const error = toApiError(err);
      this.log.warn({ err, request_id: res.locals.requestId }, 'an answer could not be made whole');
      reply.fail(error);
    } finally {
      reply.dispose();
    }
  }
}

function outlivesClient(res: Response, { repeatable }: RelayedRequest): boolean {
  return res.locals.work !== undefined && !repeatable;
}

/** The reply, kept as it comes where the request has an Idempotency-Key. */
function kept(res: Response, { send, format }: RelayedRequest, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const headers = format === 'sse' ? SSE_HEADERS : JSON_HEADERS;
  return res.locals.work?.keep(send(signal), headers) ?? send(signal);
}

/** The error of a paid request, with the warning not to ask again where it may have been served. */
function unclear(err: unknown): unknown {
  return MAY_BE_SERVED.some((kind) => err instanceof kind) ? toApiError(err).withHeaders(UNCLEAR_HEADERS) : err;
}
