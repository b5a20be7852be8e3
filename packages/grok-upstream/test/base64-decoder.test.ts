import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Base64Decoder } from '../src/xai/base64-decoder.js';
import { partsOf, splits } from './support.js';

function decode(decoder: Base64Decoder, parts: Iterable<string>): Uint8Array | undefined {
  for (const part of parts) decoder.write(part);
  return decoder.end();
}

describe('Base64Decoder', () => {
  const prefix = fc.constantFrom('', 'data:image/png;base64,', 'data:image/jpeg;charset=x;base64,');

  it('decodes texts one after the other, however they are split, padded or escaped', () => {
    const text = fc.tuple(prefix, fc.uint8Array({ minLength: 1, maxLength: 500 }), fc.boolean(), fc.boolean(), splits);
    fc.assert(
      fc.property(fc.array(text), (texts) => {
        const decoder = new Base64Decoder(500);
        for (const [before, bytes, padded, escaped, cuts] of texts) {
          const base64 = Buffer.from(bytes).toString('base64');
          const bare = padded ? base64 : base64.replace(/=+$/, '');
          const whole = before + (escaped ? bare.replaceAll('/', '\\/') : bare);
          expect(decode(decoder, partsOf(Buffer.from(whole), cuts).map(String))).toEqual(bytes);
        }
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['a prefix alone', 'data:image/png;base64,'],
    ['a group of one', 'AAAAA'],
    ['another letter', 'AAA$'],
    ['a line break', 'AAAA\\nAAAA'],
    ['an escaped letter', 'AAAA\\u0041AAA'],
    ['an open escape', 'AAAA\\'],
    ['a URL', 'https://pictures.example/1.png'],
    ['padding in the middle', 'AA==AAAA'],
    ['too much padding', 'A==='],
    ['padding alone', '===='],
    ['letters of another size', 'AAA\u0101'],
  ])('takes %s for broken, and the next text for what it is', (_, text) => {
    const decoder = new Base64Decoder(100);
    expect(decode(decoder, [text])).toBeUndefined();
    expect(decode(decoder, [text + 'A'.repeat(200)])).toBeUndefined();
    expect(decode(decoder, text)).toBeUndefined();
    expect(decode(decoder, ['/9j/'])).toEqual(new Uint8Array([255, 216, 255]));
  });

  it('takes no more than it may', () => {
    const decoder = new Base64Decoder(1000);
    expect(decode(decoder, [Buffer.alloc(1000, 1).toString('base64')])).toEqual(new Uint8Array(1000).fill(1));
    expect(decode(decoder, [Buffer.alloc(1001, 1).toString('base64')])).toBeUndefined();
  });

  it('grows to what an image needs', () => {
    const bytes = Buffer.alloc(5_000_000, 'abc');
    const base64 = bytes.toString('base64');
    const parts = Array.from({ length: 102 }, (_, at) => base64.slice(at * 65_536, (at + 1) * 65_536));
    expect(Buffer.from(decode(new Base64Decoder(5_000_000), parts) ?? []).equals(bytes)).toBe(true);
  });
});
