import { Base64Decoder } from './base64-decoder.js';
import { UnusableAnswer } from './call-failure.js';

const IMAGE_KEY = 'b64_json';
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const BLANK = 0x20;

export interface ImageJsonLimits {
  /** A longer body is given up. */
  maxBytes: number;
  /** The same for the body without its images. */
  maxRestBytes: number;
  /** An image that decodes to more counts as broken. */
  maxImageBytes: number;
}

/** A body of JSON and the images that were in it. */
export interface ImageJson {
  /** The body, in which each value of `b64_json` that was a text is the number of its image, as a text. */
  rest: Buffer;
  /** Undefined for an image that is empty, too large or no base64. */
  images: (Uint8Array | undefined)[];
}

/**
 * Reads JSON that holds images as base64, and decodes them on their way: they never exist as text, of which the body,
 * its JSON and the images would otherwise be three copies. What is not JSON is read as it is.
 * @throws UnusableAnswer when the body is longer than it may be, what the bytes throw
 */
export async function readImageJson(body: AsyncIterable<Buffer>, limits: ImageJsonLimits): Promise<ImageJson> {
  const scanner = new ImageScanner(limits.maxImageBytes);
  let size = 0;
  // Leaving the loop by an error destroys the body and with it the connection.
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limits.maxBytes) throw tooLong(limits.maxBytes);
    scanner.write(chunk);
    if (scanner.restBytes > limits.maxRestBytes) throw tooLong(limits.maxRestBytes);
  }
  return { rest: Buffer.concat(scanner.rest), images: scanner.images };
}

function tooLong(bytes: number): UnusableAnswer {
  return new UnusableAnswer(`the answer is longer than ${bytes} bytes`);
}

class ImageScanner {
  readonly rest: Buffer[] = [];
  restBytes = 0;
  readonly images: (Uint8Array | undefined)[] = [];
  readonly #decoder: Base64Decoder;
  #place: 'between texts' | 'in a text' | 'in an escape' | 'in an image' = 'between texts';
  /** The text that is being read or was read last, no longer than needed to tell whether it is the key of an image. */
  #text = '';
  #isImageNext = false;

  constructor(maxImageBytes: number) {
    this.#decoder = new Base64Decoder(maxImageBytes);
  }

  write(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length)
      at = this.#place === 'in an image' ? this.#readImage(chunk, at) : this.#readRest(chunk, at);
  }

  /** Returns where it stopped reading, as the next does. */
  #readImage(chunk: Buffer, from: number): number {
    const quote = chunk.indexOf(QUOTE, from);
    this.#decoder.write(chunk.toString('latin1', from, quote === -1 ? chunk.length : quote));
    if (quote === -1) return chunk.length;
    this.#keep(Buffer.from(`${this.images.length}"`));
    this.images.push(this.#decoder.end());
    this.#place = 'between texts';
    return quote + 1;
  }

  #readRest(chunk: Buffer, from: number): number {
    let at = from;
    for (; at < chunk.length && this.#place !== 'in an image'; at += 1) this.#step(chunk.readUInt8(at));
    // A copy: the chunk, most of which may be an image, is not held for the sake of a few bytes.
    this.#keep(Buffer.from(chunk.subarray(from, at)));
    return at;
  }

  #keep(bytes: Buffer): void {
    this.rest.push(bytes);
    this.restBytes += bytes.length;
  }

  #step(byte: number): void {
    switch (this.#place) {
      case 'between texts':
        if (byte === QUOTE) {
          this.#place = this.#isImageNext ? 'in an image' : 'in a text';
          this.#text = '';
        }
        // Blanks may stand on both sides of the colon.
        if (byte > BLANK) this.#isImageNext = byte === COLON && this.#text === IMAGE_KEY;
        break;
      case 'in a text':
        if (byte === QUOTE) this.#place = 'between texts';
        else if (this.#text.length <= IMAGE_KEY.length) this.#text += String.fromCharCode(byte);
        if (byte === BACKSLASH) this.#place = 'in an escape';
        break;
      default:
        this.#place = 'in a text';
    }
  }
}
