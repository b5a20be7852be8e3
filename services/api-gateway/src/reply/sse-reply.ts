import type { ApiError } from '@grok2api/contracts';
import type { Response } from 'express';
import { drained } from './drained.js';
import type { Reply } from './reply.js';
import { PING_MS, SseStream } from './sse-stream.js';

/**
 * Server-sent events that a service has written. The answer starts with the first of them; before, it can still be an
 * error with a status. Only a service that takes long makes it start with a comment, so that the connection stays open.
 */
export class SseReply implements Reply {
  readonly #res: Response;
  readonly #now: () => number;
  readonly #silence: NodeJS.Timeout;
  #sse: SseStream | undefined;

  constructor(res: Response, now: () => number) {
    this.#res = res;
    this.#now = now;
    this.#silence = setTimeout(() => this.#start().ping(), PING_MS);
  }

  get started(): boolean {
    return this.#sse !== undefined;
  }

  async write(bytes: Uint8Array): Promise<void> {
    const sse = this.#start();
    sse.writeBytes(bytes);
    if (sse.blocked) await drained(this.#res);
  }

  end(): void {
    this.#start().end();
  }

  fail(error: ApiError): void {
    const sse = this.#start();
    sse.write([{ data: error.toBody() }]);
    sse.end();
  }

  dispose(): void {
    clearTimeout(this.#silence);
  }

  #start(): SseStream {
    clearTimeout(this.#silence);
    this.#sse ??= new SseStream(this.#res, this.#now, () => {});
    return this.#sse;
  }
}
