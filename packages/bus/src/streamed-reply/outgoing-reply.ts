import type { StreamErrorDetails } from '@grok2api/contracts';
import type { Logger } from '@grok2api/service-kit';
import type { Msg } from 'nats';
import { encode } from '../codec.js';
import { RequesterLeftError } from './errors.js';
import {
  chunkCost,
  decodeControl,
  encodeFrame,
  FRAME,
  type FrameKind,
  isNoResponders,
  MAX_CHUNK_BYTES,
  nextSequence,
  WINDOW,
} from './protocol.js';

/** Where a handler writes its reply. */
export interface ReplyWriter {
  /**
   * Sends bytes, as one chunk if they are at most 128 KiB, else as several. Resolves when all are sent, which waits
   * while the requester has not taken enough of what was sent before. Writes are sent in the order of their calls.
   * @throws the reason of the handler's signal when the requester left
   */
  write(bytes: Uint8Array): Promise<void>;
}

export interface OutgoingReplyOptions {
  /** Where its frames go. */
  subject: string;
  /** Where the requester answers. */
  control: string;
  /** Of the request, for logs. */
  rpcSubject: string;
  log: Logger;
  send(subject: string, message: Uint8Array, reply?: string): void;
  /** Called once, when nothing is sent any more. */
  onOver(): void;
}

/** Pings, one every 5 s. */
const UNANSWERED_PINGS = 3;
const STALLED_PINGS = 12;

const SENT = Promise.resolve();

/** The responder's side of one stream. */
export class OutgoingReply implements ReplyWriter {
  readonly #options: OutgoingReplyOptions;
  readonly #left = new AbortController();
  #sequence = 0;
  /** What the chunks sent and the chunks taken cost. */
  #sent = 0;
  #taken = 0;
  #unanswered = 0;
  #stalled = 0;
  #over = false;
  /** The writes that wait for the window, as long as there are any. */
  #waiting: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  constructor(options: OutgoingReplyOptions) {
    this.#options = options;
  }

  /** Aborted when nobody wants the reply any more. */
  get signal(): AbortSignal {
    return this.#left.signal;
  }

  /** Tells the requester that somebody works on its request. */
  accept(): void {
    this.#ping();
  }

  write(bytes: Uint8Array): Promise<void> {
    const sent = this.#waiting || this.#over ? 0 : this.#sendWhatFits(bytes, 0);
    return sent === bytes.length ? SENT : this.#writeLater(bytes, sent);
  }

  /** Ends the reply, after what waits to be written. @throws the signal's reason when the requester left */
  async end(): Promise<void> {
    await this.#waiting;
    this.#close(FRAME.end);
  }

  /** Ends the reply with an error, in front of what waits to be written. */
  fail(details: StreamErrorDetails): void {
    this.#close(FRAME.error, encode(details));
  }

  /** Ends the reply because nobody wants it or nobody can go on with it; the handler is told. */
  abort(reason: unknown): void {
    if (!this.#over) this.#finish();
    this.#left.abort(reason);
  }

  /** Takes a message that came to the control subject. */
  receive(message: Msg): void {
    if (isNoResponders(message)) {
      this.abort(new RequesterLeftError('died'));
      return;
    }
    const control = decodeControl(message.data);
    if (!control || (control.kind === 'alive' && control.taken > this.#sent)) {
      this.#options.log.warn({ subject: this.#options.rpcSubject }, 'malformed control message');
    } else if (control.kind === 'cancel') {
      this.abort(new RequesterLeftError('cancelled'));
    } else {
      this.#receiveAlive(control.taken);
    }
  }

  /** Pings, unless the requester has been silent or stalled for so long, or this side cut off, that it is given up. */
  tick(connected: boolean): void {
    if (this.#unanswered >= UNANSWERED_PINGS) {
      this.abort(new RequesterLeftError('silent'));
      return;
    }
    this.#stalled = this.#wake ? this.#stalled + 1 : 0;
    if (this.#stalled >= STALLED_PINGS) {
      this.#options.send(this.#options.subject, encodeFrame(FRAME.gone, 0));
      this.abort(new RequesterLeftError('stalled'));
      return;
    }
    this.#unanswered++;
    // One that is lost on the way would make a gap in a stream that has lost nothing else.
    if (connected) this.#ping();
  }

  #receiveAlive(taken: number): void {
    this.#unanswered = 0;
    if (taken <= this.#taken) return;
    this.#taken = taken;
    this.#stalled = 0;
    this.#wake?.();
  }

  #ping(): void {
    this.#send(FRAME.ping, undefined, this.#options.control);
  }

  /** Sends what the window has room for, beginning at an offset; gives the offset of what is left. */
  #sendWhatFits(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length) {
      const end = Math.min(at + MAX_CHUNK_BYTES, bytes.length);
      const cost = chunkCost(end - at);
      if (this.#sent + cost - this.#taken > WINDOW) break;
      this.#sent += cost;
      this.#send(FRAME.chunk, end - at === bytes.length ? bytes : bytes.subarray(at, end));
      at = end;
    }
    return at;
  }

  #writeLater(bytes: Uint8Array, from: number): Promise<void> {
    const before = this.#waiting ?? SENT;
    const written = before.then(() => this.#writeRest(bytes, from));
    const settled = () => {
      if (this.#waiting === written) this.#waiting = undefined;
    };
    // Also keeps a write that nobody waits for from ending the process: the signal tells the handler the same.
    written.then(settled, settled);
    this.#waiting = written;
    return written;
  }

  async #writeRest(bytes: Uint8Array, from: number): Promise<void> {
    for (let at = from; at < bytes.length; ) {
      this.signal.throwIfAborted();
      if (this.#over) throw new Error('the reply has ended');
      at = this.#sendWhatFits(bytes, at);
      if (at < bytes.length) await this.#room();
    }
  }

  /** Resolves when the requester has taken something, or left. */
  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }

  #send(kind: FrameKind, payload?: Uint8Array, reply?: string): void {
    this.#options.send(this.#options.subject, encodeFrame(kind, this.#sequence, payload), reply);
    this.#sequence = nextSequence(this.#sequence);
  }

  #close(kind: FrameKind, payload?: Uint8Array): void {
    if (this.#over) return;
    this.#send(kind, payload);
    this.#finish();
  }

  #finish(): void {
    this.#over = true;
    this.#wake?.();
    this.#options.onOver();
  }
}
