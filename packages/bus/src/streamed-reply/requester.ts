import type { StreamRpc } from '@grok2api/contracts';
import type { MediaStore } from '@grok2api/media-store';
import { beginSpan, type Logger } from '@grok2api/service-kit';
import { context, type Span, SpanKind, trace } from '@opentelemetry/api';
import { createInbox, headers, type Msg } from 'nats';
import type { z } from 'zod';
import { beginCalled } from '../called.js';
import { encode } from '../codec.js';
import type { Connection } from '../connection.js';
import { CLAIM_HEADER, DEADLINE_HEADER, REQUEST_ID_HEADER } from '../headers.js';
import { injectTrace } from '../trace-headers.js';
import { leaveBody, MAX_BODY_BYTES, MAX_CLAIM_BYTES } from './claim-check.js';
import { RequestTooLargeError } from './errors.js';
import { IncomingReply, type ReplyStream } from './incoming-reply.js';
import { encodeCancel, FRAME, frameKind } from './protocol.js';

export interface OpenStreamOptions {
  requestId: string;
  /** Milliseconds left for the whole request, for the responder; the requester's own limit is its signal. */
  deadlineMs: number;
  /** Cancels the stream; its reason is what the reading throws. */
  signal: AbortSignal;
  /** Where a request is left that is too big for a message; it is removed when the stream is over. */
  claimCheck?: MediaStore;
}

/** A request on its way. */
interface OutgoingRequest {
  /** What it is sent to. */
  rpcSubject: string;
  /** Where its frames come. */
  subject: string;
  body: Uint8Array;
  span: Span;
  stream: IncomingReply;
  options: OpenStreamOptions;
}

const TICK_MS = 1_000;

/** Every stream that this process reads: one inbox, one clock. */
export class StreamRequester {
  /** By the subject that their frames come to. */
  readonly #streams = new Map<string, IncomingReply>();
  readonly #removals = new Map<string, () => Promise<void>>();
  #inbox: string | undefined;
  #opened = 0;
  #clock: NodeJS.Timeout | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly log: Logger,
    private readonly tickMs: number = TICK_MS,
  ) {
    connection.onReconnect(() => {
      for (const stream of this.#streams.values()) stream.reconnected();
    });
  }

  /** Sends a request whose reply is a stream. Throws nothing: the reading of the stream does. */
  open<Request extends z.ZodType>(
    rpc: StreamRpc<Request>,
    request: z.infer<Request>,
    options: OpenStreamOptions,
  ): ReplyStream {
    this.#inbox ??= createInbox(this.connection.inboxPrefix);
    const subject = `${this.#inbox}.${++this.#opened}`;
    const span = beginSpan(rpc.subject, { kind: SpanKind.CLIENT });
    const end = beginCalled(this.connection.metrics, rpc.subject, span);
    const stream = new IncomingReply({
      subject,
      rpcSubject: rpc.subject,
      signal: options.signal,
      dropMalformed: (what, fields) => this.connection.dropMalformed(what, { subject: rpc.subject, ...fields }),
      send: (to, message, reply) => this.connection.send(to, message, reply),
      onOver: (over) => {
        end(over);
        this.#forget(subject);
      },
    });
    try {
      const asked = { rpcSubject: rpc.subject, subject, body: encode(request), span, stream, options };
      if (asked.body.length <= MAX_BODY_BYTES) this.#send(asked);
      else this.#sendByClaim(asked).catch((cause: unknown) => stream.fail(cause));
    } catch (cause) {
      stream.fail(cause);
    }
    return stream;
  }

  /** Cancels every stream; the reading ends with BusTimeoutError. */
  close(): void {
    clearInterval(this.#clock);
    for (const stream of this.#streams.values()) stream.disconnect();
  }

  async #sendByClaim(asked: OutgoingRequest): Promise<void> {
    const { rpcSubject, subject, body, stream, options } = asked;
    const store = options.claimCheck;
    const max = store ? MAX_CLAIM_BYTES : MAX_BODY_BYTES;
    if (!store || body.length > max) throw new RequestTooLargeError(rpcSubject, body.length, max);
    const id = await leaveBody(store, body, options.signal);
    this.#removals.set(subject, () => store.delete(id));
    if (stream.over) this.#forget(subject);
    else this.#send({ ...asked, body: new Uint8Array(0) }, id);
  }

  #send({ rpcSubject, subject, body, span, stream, options }: OutgoingRequest, claim?: string): void {
    // While the connection is down a request would only sit in the client's buffer.
    if (!this.connection.connected) stream.disconnect();
    if (stream.over) return;
    this.#listen();
    this.#streams.set(subject, stream);
    const sent = headers();
    sent.set(REQUEST_ID_HEADER, options.requestId);
    sent.set(DEADLINE_HEADER, String(Math.max(0, Math.floor(options.deadlineMs))));
    if (claim !== undefined) sent.set(CLAIM_HEADER, claim);
    injectTrace(sent, trace.setSpan(context.active(), span));
    this.connection.nats.publish(rpcSubject, body, { reply: subject, headers: sent });
  }

  #listen(): void {
    if (this.#clock) return;
    this.connection.listen(`${this.#inbox}.*`, (message) => this.#receive(message));
    this.#clock = setInterval(() => {
      for (const stream of this.#streams.values()) stream.tick();
    }, this.tickMs).unref();
  }

  #receive(message: Msg): void {
    const stream = this.#streams.get(message.subject);
    if (stream) stream.receive(message);
    // Of a stream that was left before its first frame came, or whose responder did not hear that it was left.
    else if (message.reply && frameKind(message.data) === FRAME.ping) {
      this.connection.send(message.reply, encodeCancel());
    }
  }

  #forget(subject: string): void {
    this.#streams.delete(subject);
    const remove = this.#removals.get(subject);
    if (!remove) return;
    this.#removals.delete(subject);
    remove().catch((err: unknown) => this.log.warn({ err }, 'the body of a request is left to the sweep'));
  }
}
