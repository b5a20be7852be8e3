import { type StreamErrorDetails, streamErrorSchema } from '@grok2api/contracts';
import type { Msg } from 'nats';
import { decode } from '../codec.js';
import { BusTimeoutError, NoResponderError } from '../errors.js';
import { ResponderLostError, StreamError } from './errors.js';
import {
  chunkCost,
  encodeAlive,
  encodeCancel,
  FRAME,
  frameKind,
  framePayload,
  frameSequence,
  isNoResponders,
  nextSequence,
  WINDOW,
} from './protocol.js';

/**
 * The bytes of a reply, each chunk as the responder wrote it, in order; to be read once, one chunk at a time.
 *
 * The reading ends with the reply. It throws StreamError when the reply ended badly; NoResponderError,
 * ResponderLostError, BusTimeoutError (no connection) or RequestTooLargeError; and the signal's reason as soon as that
 * aborts. What came in order before an error is read first. Leaving the loop cancels.
 */
export interface ReplyStream extends AsyncIterableIterator<Uint8Array, undefined> {
  /** Wants no more: the handler's signal is aborted, and the reading ends. */
  cancel(): void;
}

export interface IncomingReplyOptions {
  /** Where its frames come. */
  subject: string;
  /** The subject of the request, for errors. */
  rpcSubject: string;
  signal: AbortSignal;
  /** Told of a message that is no such message, besides its subject. */
  dropMalformed(what: string, fields: object): void;
  send(subject: string, message: Uint8Array, reply?: string): void;
  /** Called once, when no frame is wanted any more, with why: its reader left, it failed, or neither. */
  onOver(end: { left: boolean; failure: { cause: unknown } | undefined }): void;
}

/** Ticks of the requester's clock, a second each. */
const ALIVE_EVERY_TICKS = 2;
const ACCEPTED_WITHIN_TICKS = 5;
const SILENT_AFTER_TICKS = 15;

type Result = IteratorResult<Uint8Array, undefined>;
const DONE: Result = { done: true, value: undefined };

interface Reader {
  resolve(result: Result): void;
  reject(cause: unknown): void;
}

/** The requester's side of one stream. */
export class IncomingReply implements ReplyStream {
  readonly #options: IncomingReplyOptions;
  readonly #abort: () => void;
  /** Chunks that wait for the reader; the window bounds them. */
  #chunks: Uint8Array[] = [];
  #reader: Reader | undefined;
  #control: string | undefined;
  #expected = 0;
  #taken = 0;
  #reported = 0;
  /** Counted instead of read off a clock: a process that was stopped itself must not take the others for silent. */
  #quietTicks = 0;
  #over = false;
  #failure: { cause: unknown } | undefined;

  constructor(options: IncomingReplyOptions) {
    this.#options = options;
    this.#abort = () => this.#discard({ cause: options.signal.reason });
    if (options.signal.aborted) this.#abort();
    else options.signal.addEventListener('abort', this.#abort, { once: true });
  }

  /** Whether no frame is wanted any more; chunks may still wait for the reader. */
  get over(): boolean {
    return this.#over;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#take(chunk);
      return Promise.resolve({ done: false, value: chunk });
    }
    if (this.#over) return this.#last();
    if (this.#reader) return Promise.reject(new Error('a reply is read one chunk at a time'));
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  return(): Promise<Result> {
    this.cancel();
    return Promise.resolve(DONE);
  }

  cancel(): void {
    this.#discard(undefined);
  }

  /** Ends the reading with an error, after the chunks that came before; tells the responder to stop. */
  fail(cause: unknown): void {
    if (this.#over) return;
    this.#tellCancel();
    this.#finish({ cause });
  }

  /** Ends the reading because there is no connection. */
  disconnect(): void {
    this.fail(new BusTimeoutError(this.#options.rpcSubject));
  }

  /** Takes a message that came for this stream. */
  receive(message: Msg): void {
    const { data } = message;
    const kind = frameKind(data);
    if (kind === undefined) this.#receiveOther(message);
    else if (kind === FRAME.gone) this.#dropped();
    else if (frameSequence(data) !== this.#expected) this.fail(this.#lost('gap'));
    else {
      this.#quietTicks = 0;
      this.#expected = nextSequence(this.#expected);
      if (kind === FRAME.chunk) this.#receiveChunk(framePayload(data));
      else if (kind === FRAME.ping) this.#receivePing(message.reply);
      else this.#finish(kind === FRAME.end ? undefined : { cause: this.#streamError(data) });
    }
  }

  /** One tick of the requester's clock. */
  tick(): void {
    this.#quietTicks++;
    const silentAfter = this.#control === undefined ? ACCEPTED_WITHIN_TICKS : SILENT_AFTER_TICKS;
    if (this.#quietTicks >= silentAfter) this.fail(this.#lost('silent'));
    else if (this.#quietTicks % ALIVE_EVERY_TICKS === 0) this.#tellAlive(this.#options.subject);
  }

  /** Gives the other side the time to reconnect too, before it is asked for. */
  reconnected(): void {
    this.#quietTicks = 0;
  }

  #receiveChunk(chunk: Uint8Array): void {
    const reader = this.#reader;
    if (!reader) {
      this.#chunks.push(chunk);
      return;
    }
    this.#reader = undefined;
    this.#take(chunk);
    reader.resolve({ done: false, value: chunk });
  }

  #receivePing(control: string | undefined): void {
    // Without a control subject it says only that the responder lives.
    if (!control) return;
    const accepted = this.#control === undefined;
    this.#control = control;
    if (!accepted) this.#tellAlive();
  }

  #receiveOther(message: Msg): void {
    const { rpcSubject } = this.#options;
    if (!isNoResponders(message)) {
      this.#options.dropMalformed('frame', { bytes: message.data.length });
    } else if (this.#control === undefined) {
      this.#finish({ cause: new NoResponderError(rpcSubject) });
    } else {
      this.#finish({ cause: this.#lost('died') });
    }
  }

  // What waits is let go of: after a stall nobody may ever come for it.
  #dropped(): void {
    this.#chunks = [];
    this.#finish({ cause: this.#lost('dropped') });
  }

  #streamError(frame: Uint8Array): StreamError {
    let details: StreamErrorDetails;
    try {
      details = decode(streamErrorSchema, framePayload(frame));
    } catch (err) {
      this.#options.dropMalformed('error of a streamed reply', { err });
      details = { code: 'internal_error', message: 'The reply ended with an error that is not known.', param: null };
    }
    return new StreamError(details);
  }

  #lost(loss: ResponderLostError['loss']): ResponderLostError {
    return new ResponderLostError(this.#options.rpcSubject, loss);
  }

  #take(chunk: Uint8Array): void {
    this.#taken += chunkCost(chunk.length);
    if (this.#taken - this.#reported >= WINDOW / 2 && !this.#over) this.#tellAlive();
  }

  #tellAlive(reply?: string): void {
    if (this.#control === undefined) return;
    this.#reported = this.#taken;
    this.#options.send(this.#control, encodeAlive(this.#taken), reply);
  }

  #tellCancel(): void {
    if (this.#control !== undefined) this.#options.send(this.#control, encodeCancel());
  }

  /** Ends the reading at once, with an error or without one. */
  #discard(failure: { cause: unknown } | undefined): void {
    this.#chunks = [];
    this.#failure = failure;
    this.#options.signal.removeEventListener('abort', this.#abort);
    if (this.#over) return;
    this.#tellCancel();
    this.#finish(failure, true);
  }

  #finish(failure: { cause: unknown } | undefined, left = false): void {
    if (this.#over) return;
    this.#over = true;
    this.#failure = failure;
    this.#options.onOver({ left, failure });
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader) this.#last().then(reader.resolve, reader.reject);
  }

  /** The end of the reading; its error is thrown once. */
  #last(): Promise<Result> {
    this.#options.signal.removeEventListener('abort', this.#abort);
    const failure = this.#failure;
    this.#failure = undefined;
    return failure ? Promise.reject(failure.cause) : Promise.resolve(DONE);
  }
}
