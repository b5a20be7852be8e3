import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnusableAnswer } from '../src/xai/call-failure.js';
import { readImageJson } from '../src/xai/image-json.js';
import { partsOf, splits } from './support.js';

const LIMITS = { maxBytes: 100_000, maxRestBytes: 50_000, maxImageBytes: 1000 };

const read = (text: string | Buffer, cuts: number[] = [], limits = LIMITS) =>
  readImageJson(Readable.from(partsOf(Buffer.from(text), cuts)), limits);

describe('readImageJson', () => {
  it('takes the images out of any JSON, however it is split', async () => {
    const key = fc.oneof(fc.string(), fc.constantFrom('b64_json', 'b64_jso', 'b64_json_', '"b64_json"', 'url', 'data'));
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.string({ unit: 'binary' }),
        fc.constantFrom('b64_json', '"', '\\', '\\"b64_json\\":"', '{"b64_json":"AAAA"}'),
        fc.integer(),
        fc.constant(null),
        fc.array(tie('any')),
        fc.dictionary(key, tie('any')),
      ),
    })).any;
    const images = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 4 });
    const blanks = fc.constantFrom(undefined, 1, '\n');
    await fc.assert(
      fc.asyncProperty(value, images, blanks, splits, async (other, files, indent, cuts) => {
        // Texts under the key of an image are images, and the property adds its own.
        const plain = JSON.stringify(other ?? null).replaceAll('"b64_json":', '"b64_jso_":');
        const data = files.map((file) => ({ other: 1, b64_json: Buffer.from(file).toString('base64') }));
        const document = { before: JSON.parse(plain), data, after: JSON.parse(plain) };
        const { rest, images: found } = await read(JSON.stringify(document, null, indent), cuts);
        expect(found).toEqual(files);
        const numbered = files.map((_, at) => ({ other: 1, b64_json: String(at) }));
        expect(JSON.parse(rest.toString())).toEqual({ ...document, data: numbered });
      }),
    );
  });

  it.each([
    '<html lang="en">"b64_json"</html>',
    '{"b64_json":null}',
    '{"b64_json":{"a":"AAAA"}}',
    '{"b64_json" : ["AAAA"]}',
    '["b64_json","AAAA"]',
    '{"b64_json',
    '{"error":"\\',
    '',
  ])('leaves %s as it is', async (text) => {
    const { rest, images } = await read(text);
    expect(rest.toString()).toBe(text);
    expect(images).toEqual([]);
  });

  it('does not know an image that does not end', async () => {
    const { rest, images } = await read('{"b64_json":"AAAA');
    expect(rest.toString()).toBe('{"b64_json":"');
    expect(images).toEqual([]);
  });

  it('gives up what is too long, with images or without', async () => {
    const image = `{"b64_json":"${'A'.repeat(99_000)}"}`;
    expect((await read(image)).images).toEqual([undefined]);
    await expect(read(image.repeat(2))).rejects.toThrow(UnusableAnswer);
    await expect(read(' '.repeat(50_001))).rejects.toThrow('50000 bytes');
  });
});
