const FIRST_SIZE = 1_048_576;

// Some senders put a data URL where the bare base64 belongs.
const DATA_URL = /^data:[^,]{0,100};base64,/;
const LONGEST_PREFIX = 128;

/**
 * Decodes base64 texts one after the other, each from pieces of any size, as JSON has them: slashes may be escaped.
 * Besides what it returns it holds one text, decoded, in a buffer that is used again.
 */
export class Base64Decoder {
  readonly #maxBytes: number;
  #buffer = Buffer.alloc(0);
  #length = 0;
  /** What waits for its group of four to be full, and at first for the prefix to be whole. */
  #waiting = '';
  #begun = false;
  #padded = false;
  #broken = false;

  /** @param maxBytes a text that decodes to more is broken */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes the next piece of a text. */
  write(piece: string): void {
    if (this.#broken) return;
    const text = this.#waiting + piece;
    if (this.#begun || text.length >= LONGEST_PREFIX) this.#take(text);
    else this.#waiting = text;
  }

  /** Ends a text: its bytes, undefined when it is empty, too large or no base64. */
  end(): Uint8Array | undefined {
    if (!this.#begun) this.#take(this.#waiting);
    // Some leave the padding out.
    this.#decode(this.#waiting);
    const bytes =
      this.#broken || this.#length === 0 ? undefined : new Uint8Array(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
    this.#waiting = '';
    this.#begun = false;
    this.#padded = false;
    this.#broken = false;
    return bytes;
  }

  #take(text: string): void {
    const base64 = this.#begun ? text : text.replace(DATA_URL, '');
    this.#begun = true;
    // An escape may be cut in two: the backslash waits for its slash.
    const cut = base64.endsWith('\\');
    const plain = (cut ? base64.slice(0, -1) : base64).replaceAll('\\/', '/');
    const whole = plain.length - (plain.length % 4);
    this.#waiting = plain.slice(whole) + (cut ? '\\' : '');
    this.#decode(plain.slice(0, whole));
  }

  #decode(groups: string): void {
    if (groups === '' || this.#broken) return;
    const padding = groups.endsWith('==') ? 2 : groups.endsWith('=') ? 1 : 0;
    const bytes = Math.floor((groups.length * 3) / 4) - padding;
    this.#broken = this.#padded || groups.length % 4 === 1 || this.#length + bytes > this.#maxBytes;
    if (this.#broken) return;
    this.#makeRoom(bytes);
    // Node skips what is no base64, so that fewer bytes come of it.
    this.#broken = this.#buffer.write(groups, this.#length, 'base64') !== bytes;
    this.#padded = padding > 0;
    this.#length += bytes;
  }

  #makeRoom(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(
      Math.max(FIRST_SIZE, needed, Math.min(this.#maxBytes, this.#buffer.length * 2)),
    );
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
