import { ApiError, errorMessage, type StreamErrorDetails, type StreamRpc, toStreamError } from '@grok2api/contracts';
import type { MediaStore } from '@grok2api/media-store';
import { inSpan, type Logger } from '@grok2api/service-kit';
import { SpanKind } from '@opentelemetry/api';
import { createInbox, type Msg, type MsgHdrs } from 'nats';
import { z } from 'zod';
import type { ServedOutcome } from '../bus-metrics.js';
import { isRejection } from '../called.js';
import { decode } from '../codec.js';
import type { Connection } from '../connection.js';
import { CLAIM_HEADER, DEADLINE_HEADER, REQUEST_ID_HEADER } from '../headers.js';
import { extractTrace } from '../trace-headers.js';
import { claimBody } from './claim-check.js';
import { StreamError } from './errors.js';
import { OutgoingReply, type ReplyWriter } from './outgoing-reply.js';
import { decodeControl, encodeFrame, FRAME } from './protocol.js';

/** What a handler knows of a request besides its body. */
export interface StreamContext {
  requestId: string;
  /**
   * Aborted when nobody wants the reply any more, or when this process cannot finish it: by RequesterLeftError, or by
   * the StreamError that the requester was told.
   */
  signal: AbortSignal;
  /** Milliseconds that were left for the whole request when it was sent. */
  deadlineMs: number;
}

/**
 * Writes a reply. It ends when the handler resolves; a StreamError or an ApiError ends it with that error, anything else
 * is logged and ends it with `internal_error`.
 */
export type StreamHandler<Request extends z.ZodType> = (
  request: z.infer<Request>,
  reply: ReplyWriter,
  context: StreamContext,
) => Promise<void>;

export interface ServeStreamOptions {
  /** Streams at a time in this process; further ones are refused at once. */
  maxInFlight: number;
  /** Where requests lie that were too big for a message. */
  claimCheck?: MediaStore;
}

const PING_EVERY_MS = 5_000;
const RETRY_AFTER_MS = 1_000;
const UNAVAILABLE: StreamErrorDetails = {
  code: 'service_unavailable',
  message: errorMessage('service_unavailable'),
  param: null,
  retry_after_ms: RETRY_AFTER_MS,
};
const INTERNAL_ERROR: StreamErrorDetails = {
  code: 'internal_error',
  message: errorMessage('internal_error'),
  param: null,
};

const headersSchema = z.object({
  requestId: z.string().min(1),
  deadlineMs: z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
});

/** Every stream that this process writes: one inbox for what requesters answer, one clock. */
export class StreamResponder {
  /** By their control subject. */
  readonly #replies = new Map<string, OutgoingReply>();
  #inbox: string | undefined;
  #accepted = 0;
  #clock: NodeJS.Timeout | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly log: Logger,
    private readonly pingEveryMs: number = PING_EVERY_MS,
  ) {
    connection.onReconnect(() => {
      // Gives the other side the time to reconnect too, before the server is asked whether it is there.
      this.#clock?.refresh();
    });
  }

  /** Serves a request in its service's queue group until the connection closes. */
  serve<Request extends z.ZodType>(
    rpc: StreamRpc<Request>,
    handler: StreamHandler<Request>,
    options: ServeStreamOptions,
  ): void {
    this.#listen();
    let inFlight = 0;
    this.connection.serve(rpc.subject, rpc.service, async (message, endpoint) => {
      if (!message.reply) return this.connection.dropMalformed('request', { subject: rpc.subject });
      const end = endpoint.begin();
      const reply = this.#replyTo(message.reply, rpc.subject);
      if (inFlight >= options.maxInFlight) {
        reply.fail(UNAVAILABLE);
        return end('refused', 'overloaded');
      }
      inFlight++;
      try {
        end(...(await this.#answer(rpc, message, reply, handler, options)));
      } finally {
        inFlight--;
      }
    });
  }

  /** Ends what is still being written with `service_unavailable`. */
  stop(): void {
    clearInterval(this.#clock);
    for (const reply of this.#replies.values()) {
      reply.fail(UNAVAILABLE);
      reply.abort(new StreamError(UNAVAILABLE));
    }
  }

  async #answer<Request extends z.ZodType>(
    rpc: StreamRpc<Request>,
    message: Msg,
    reply: OutgoingReply,
    handler: StreamHandler<Request>,
    { claimCheck }: ServeStreamOptions,
  ): Promise<[ServedOutcome, reason?: string]> {
    const { signal } = reply;
    reply.accept();
    let request: z.infer<Request>;
    let context: StreamContext;
    try {
      context = { ...readHeaders(message.headers), signal };
      request = decode(rpc.request, await readBody(message, claimCheck));
    } catch (err) {
      const requestId = message.headers?.get(REQUEST_ID_HEADER);
      this.connection.dropMalformed('request', { err, subject: rpc.subject, request_id: requestId });
      reply.fail(INTERNAL_ERROR);
      return ['refused', 'malformed_request'];
    }
    if (signal.aborted) return ['left'];
    const settings = { kind: SpanKind.SERVER, parent: extractTrace(message.headers) };
    try {
      await inSpan(rpc.subject, settings, () => handler(request, reply, context));
      await reply.end();
      return ['ok'];
    } catch (err) {
      if (signal.aborted) {
        this.log.debug({ err, subject: rpc.subject, request_id: context.requestId }, 'a reply was left unfinished');
        return ['left'];
      }
      const error = err instanceof ApiError ? new StreamError(toStreamError(err)) : err;
      if (error instanceof StreamError) {
        reply.fail(error.details);
        return [isRejection(error) ? 'rejected' : 'error', error.details.code];
      }
      this.log.error({ err, subject: rpc.subject, request_id: context.requestId }, 'request failed');
      reply.fail(INTERNAL_ERROR);
      return ['error', INTERNAL_ERROR.code];
    }
  }

  #replyTo(subject: string, rpcSubject: string): OutgoingReply {
    const control = `${this.#inbox}.${++this.#accepted}`;
    const reply = new OutgoingReply({
      subject,
      control,
      dropMalformed: (what, fields) => this.connection.dropMalformed(what, { subject: rpcSubject, ...fields }),
      send: (to, frame, answerTo) => this.connection.send(to, frame, answerTo),
      onOver: () => this.#replies.delete(control),
    });
    this.#replies.set(control, reply);
    return reply;
  }

  #listen(): void {
    if (this.#clock) return;
    this.#inbox = createInbox(this.connection.inboxPrefix);
    this.connection.listen(`${this.#inbox}.*`, (message) => this.#receive(message));
    this.#clock = setInterval(() => {
      for (const reply of this.#replies.values()) reply.tick(this.connection.connected);
    }, this.pingEveryMs).unref();
  }

  #receive(message: Msg): void {
    const reply = this.#replies.get(message.subject);
    if (reply) reply.receive(message);
    // The end of this stream did not reach its requester, or it would not ask.
    else if (message.reply && decodeControl(message.data)?.kind === 'alive') {
      this.connection.send(message.reply, encodeFrame(FRAME.gone, 0));
    }
  }
}

function readHeaders(sent: MsgHdrs | undefined): z.infer<typeof headersSchema> {
  return headersSchema.parse({ requestId: sent?.get(REQUEST_ID_HEADER), deadlineMs: sent?.get(DEADLINE_HEADER) });
}

async function readBody(message: Msg, claimCheck: MediaStore | undefined): Promise<Uint8Array> {
  const id = message.headers?.get(CLAIM_HEADER);
  if (!id) return message.data;
  if (!claimCheck) throw new Error('there is no store here that the request could lie in');
  return claimBody(claimCheck, id);
}
