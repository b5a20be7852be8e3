import { Transform, type TransformCallback } from 'node:stream';
import { BodyTooLargeError } from './errors.js';

export interface LimitedBodyOptions {
  maxBytes: number;
  /** Turns the source's error into the one that readers get. */
  toError: (cause: unknown) => Error;
  /** Called once, whatever the end. */
  onClose: () => void;
}

/** Passes bytes on, fails as soon as there are more than `maxBytes`, and tells its end. */
export class LimitedBody extends Transform {
  readonly #maxBytes: number;
  readonly #onClose: () => void;
  readonly #toError: (cause: unknown) => Error;
  #bytes = 0;

  constructor(options: LimitedBodyOptions) {
    super();
    this.#maxBytes = options.maxBytes;
    this.#toError = options.toError;
    this.#onClose = options.onClose;
    // A caller that has lost interest in a body does not listen, and must not be ended by the body's time-out.
    this.on('error', () => {});
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#bytes += chunk.byteLength;
    if (this.#bytes > this.#maxBytes) callback(new BodyTooLargeError(`more than ${this.#maxBytes} bytes`));
    else callback(null, chunk);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#onClose();
    callback(error && this.#toError(error));
  }
}
