import { finished, type Readable } from 'node:stream';

const MAX_WAITING_BYTES = 65_536;
const REST_MS = 1000;

/**
 * The body of an answer as it arrives. What arrived before a cut is read before the cut shows, which a Readable does not
 * promise. It takes in no more than 64 KiB ahead of its reader.
 */
export class OpenBody {
  readonly #body: Readable;
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #end: { error: Error | null | undefined } | undefined;
  #wake = () => {};

  constructor(body: Readable) {
    this.#body = body;
    body.on('data', (chunk: Buffer) => {
      this.#waiting.push(chunk);
      this.#waitingBytes += chunk.length;
      if (this.#waitingBytes >= MAX_WAITING_BYTES) body.pause();
      this.#wake();
    });
    finished(body, { writable: false }, (error) => {
      this.#end = { error };
      this.#wake();
    });
  }

  /** All that has arrived, once something has; undefined at the end. @throws what ended the body before its time */
  async read(): Promise<Buffer | undefined> {
    for (;;) {
      const arrived = this.#take();
      if (arrived) return arrived;
      if (this.#end?.error) throw this.#end.error;
      if (this.#end) return undefined;
      if (this.#body.isPaused()) this.#body.resume();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Puts chunks back, to be read next. */
  unread(chunks: Buffer[]): void {
    this.#waiting.unshift(...chunks);
    for (const chunk of chunks) this.#waitingBytes += chunk.length;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (let chunk = await this.read(); chunk; chunk = await this.read()) yield chunk;
  }

  // The events of an answer are a chunk of HTTP each, but many come in one piece.
  #take(): Buffer | undefined {
    const [first, ...others] = this.#waiting.splice(0);
    this.#waitingBytes = 0;
    return first && others.length > 0 ? Buffer.concat([first, ...others]) : first;
  }

  /** Closes the connection, unless the body has ended. */
  destroy(): void {
    this.#body.destroy();
  }

  /** Lets the body come to its end unread, so that its connection can be used again; not for long, though. */
  discard(): void {
    if (this.#end) return;
    this.#body.removeAllListeners('data');
    this.#body.resume();
    const timer = setTimeout(() => this.#body.destroy(), REST_MS);
    this.#body.once('close', () => clearTimeout(timer));
  }
}
