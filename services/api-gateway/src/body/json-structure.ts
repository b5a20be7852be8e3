/** No request of this API is nested nearly as deep. */
const MAX_DEPTH = 100;
/** A value costs memory however short it is written: a megabyte of `{},{},{}` would become sixty. */
const MAX_VALUES = 1_000_000;

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * What about the structure of a JSON text would cost too much to parse it; undefined when nothing does. The text need not
 * be valid.
 * @param text UTF-8
 */
export function structureFault(text: Buffer): string | undefined {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        if (++depth > MAX_DEPTH) return `it is nested deeper than ${MAX_DEPTH} levels`;
        if (++values > MAX_VALUES) return TOO_MANY;
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        depth--;
        break;
      case COMMA:
        if (++values > MAX_VALUES) return TOO_MANY;
        break;
    }
  }
  return undefined;
}

const TOO_MANY = `it has more than ${MAX_VALUES} values`;

/** Where a string ends that begins here: its quote, or the end of the text. */
function endOfString(text: Buffer, start: number): number {
  for (let end = text.indexOf(QUOTE, start + 1); end !== -1; end = text.indexOf(QUOTE, end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

/**
 * What a parsed JSON value has that could reach into the prototypes of objects; undefined when it has nothing of that.
 * Its depth must be bounded.
 */
export function prototypeFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) return firstFault(value);
  if (Object.hasOwn(value, '__proto__')) return 'it has the key __proto__';
  const maker: unknown = Object.hasOwn(value, 'constructor') ? value.constructor : undefined;
  if (typeof maker === 'object' && maker !== null && Object.hasOwn(maker, 'prototype')) {
    return 'it has the key constructor.prototype';
  }
  return firstFault(Object.values(value));
}

function firstFault(values: readonly unknown[]): string | undefined {
  for (const value of values) {
    const fault = prototypeFault(value);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
