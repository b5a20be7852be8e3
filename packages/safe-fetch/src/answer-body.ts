import { pipeline, type Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { decoderOf } from './decode-body.js';
import { BodyTooLargeError } from './errors.js';
import { LimitedBody, type LimitedBodyOptions } from './limited-body.js';

/**
 * An answer's body, decompressed, of at most `maxBytes` before and after that.
 * @throws BodyTooLargeError, BadResponseError by what the headers say: the answer is then closed
 */
export function decodedBody({ headers, body }: Dispatcher.ResponseData, options: LimitedBodyOptions): Readable {
  try {
    if (Number(headers['content-length'] ?? 0) > options.maxBytes) {
      throw new BodyTooLargeError(`more than ${options.maxBytes} bytes`);
    }
    const decoder = decoderOf(headers['content-encoding']);
    if (!decoder) return rawBody(body, options);
    const limited = new LimitedBody(options);
    pipeline(body, decoder, limited, reportedByTheBody);
    return limited;
  } catch (error) {
    discard(body);
    throw error;
  }
}

/** An answer's body as it comes over the wire. */
export function rawBody(body: Readable, options: LimitedBodyOptions): Readable {
  const limited = new LimitedBody(options);
  pipeline(body, limited, reportedByTheBody);
  return limited;
}

/** Closes the connection of an answer that nobody reads. */
export function discard(body: Readable): void {
  body.on('error', () => {
    // Being closed early is what was asked.
  });
  body.destroy();
}

function reportedByTheBody(): void {
  // The body tells an error itself, to whoever reads it.
}
