import type { Response } from 'express';
import { STALLED_MS } from './drained.js';

/** One server-sent event: its data, an object as JSON, and its id if it has one. */
export interface SseEvent {
  id?: number;
  data: object | string;
}

/** A connection that is silent for this long gets a comment. */
export const PING_MS = 15_000;
/** When a reader is to connect again after this gateway has stopped. */
const RECONNECT_MS = 1_000;

/**
 * Writes server-sent events, flushed one by one. It keeps nothing back: a caller asks `blocked` first and is told
 * when the reader takes events again. A comment every 15 s keeps a silent connection open.
 */
export class SseStream {
  readonly #res: Response;
  #blockedSince: number | undefined;

  constructor(
    res: Response,
    private readonly now: () => number,
    onUnblocked: () => void,
  ) {
    this.#res = res;
    // Nobody reads it any more, and its close was told already.
    if (res.destroyed) return;
    res.status(200).set({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    const { socket } = res;
    // The head and the first events are one write.
    socket?.cork();
    res.flushHeaders();
    process.nextTick(() => socket?.uncork());
    res.on('drain', () => {
      this.#blockedSince = undefined;
      onUnblocked();
    });
    const ping = setInterval(() => this.#keepAlive(), PING_MS);
    res.once('close', () => clearInterval(ping));
  }

  /** Whether the reader has not taken yet what was written before. */
  get blocked(): boolean {
    return this.#blockedSince !== undefined;
  }

  /** Writes events at once. */
  write(events: readonly SseEvent[]): void {
    this.writeBytes(eventsText(events));
  }

  /** Writes events that are ready to be sent, at once. */
  writeBytes(bytes: Uint8Array | string): void {
    if (bytes.length === 0 || this.#res.writableEnded) return;
    if (!this.#res.write(bytes)) this.#blockedSince ??= this.now();
  }

  /** Writes a comment, which keeps the connection open. */
  ping(): void {
    this.#res.write(': ping\n\n');
  }

  /** Ends the stream and asks the reader to connect again, to whoever answers then. */
  endForReconnect(): void {
    this.#res.end(`retry: ${RECONNECT_MS}\n\n`);
  }

  /** Ends the stream after what was written. */
  end(): void {
    this.#res.end();
  }

  #keepAlive(): void {
    if (this.#blockedSince === undefined) this.ping();
    else if (this.now() - this.#blockedSince > STALLED_MS) {
      this.#res.locals.stalled = true;
      this.#res.destroy();
    }
  }
}

/** Events as they are sent. */
export function eventsText(events: readonly SseEvent[]): string {
  return events.map(toText).join('');
}

function toText({ id, data }: SseEvent): string {
  const idLine = id === undefined ? '' : `id: ${id}\n`;
  return `${idLine}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}
