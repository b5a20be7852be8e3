import type { Response } from 'express';
import { drained } from './drained.js';
import type { Reply } from './reply.js';

/** A JSON body that comes in pieces. */
export class JsonReply implements Reply {
  readonly #res: Response;
  /** The first piece, kept until it is known whether it is the only one: most answers are, and then have a length. */
  #first: Uint8Array | undefined;
  #started = false;

  constructor(res: Response) {
    this.#res = res;
  }

  get started(): boolean {
    return this.#started;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#started && !this.#first) {
      this.#first = bytes;
      return;
    }
    if (this.#first) this.#res.write(this.#begin(this.#first));
    if (!this.#res.write(bytes)) await drained(this.#res);
  }

  end(): void {
    const only = this.#first;
    if (!only) {
      this.#res.end();
      return;
    }
    this.#res.set('content-length', String(only.length));
    this.#res.end(this.#begin(only));
  }

  // Whoever has the beginning must not take it for the whole.
  fail(): void {
    this.#res.destroy();
  }

  dispose(): void {}

  #begin(first: Uint8Array): Uint8Array {
    this.#first = undefined;
    this.#started = true;
    this.#res.status(200).set('content-type', 'application/json; charset=utf-8');
    return first;
  }
}
