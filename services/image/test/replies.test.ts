import type { ImageParams } from '@grok2api/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReadyImage } from '../src/ready-image.js';
import { completedEvent, partialImageEvent } from '../src/streamed-reply.js';
import { wholeReply } from '../src/whole-reply.js';
import { writePieces } from '../src/write-pieces.js';

const params: ImageParams = { n: 1, aspect_ratio: 'auto', response_format: 'base64' };
const facts = { type: 'jpg' as const, width: 1024, height: 768 };
/** Of every length around the step by which files are encoded. */
const bytes = fc
  .oneof(fc.nat(10), fc.integer({ min: 48 * 1024 - 4, max: 48 * 1024 + 4 }), fc.nat(200_000))
  .map((length) => Buffer.alloc(length, 'abcdefghijk'));
const prompt = fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined });
const images = fc
  .array(fc.tuple(bytes, prompt), { minLength: 1, maxLength: 3 })
  .map((all) =>
    all.map(([content, revisedPrompt]): ReadyImage => ({ ...facts, content: { bytes: content }, revisedPrompt })),
  );

function fileOf({ content }: ReadyImage): string {
  return 'bytes' in content ? content.bytes.toString('base64') : '';
}

describe('an answer in pieces', () => {
  it('is the JSON that it would be as a whole', () => {
    fc.assert(
      fc.property(images, (all) => {
        expect(JSON.parse([...wholeReply(7, all, 'base64')].join(''))).toMatchObject({
          created: 7,
          data: all.map((image) => ({
            b64_json: fileOf(image),
            base64: fileOf(image),
            ...(image.revisedPrompt === undefined ? {} : { revised_prompt: image.revisedPrompt }),
          })),
        });
      }),
      { numRuns: 30 },
    );
  });

  it('has no piece that is large', () => {
    const all = [{ ...facts, content: { bytes: Buffer.alloc(3_000_000) }, revisedPrompt: 'x' }];
    for (const piece of wholeReply(7, all, 'b64_json')) expect(piece.length).toBeLessThanOrEqual(64 * 1024);
  });

  it('is written in messages that the bus takes in one, and not in many small ones', async () => {
    const messages: Uint8Array[] = [];
    const reply = { write: async (message: Uint8Array) => void messages.push(message) };
    const pieces = Array.from({ length: 500 }, (_, n) => (n % 2 === 0 ? '图' : 'x'.repeat(n * 10)));
    await writePieces(reply, pieces);
    expect(Buffer.concat(messages).toString()).toBe(pieces.join(''));
    for (const message of messages.slice(0, -1)) expect(message.length).toBeGreaterThanOrEqual(96 * 1024);
    for (const message of messages) expect(message.length).toBeLessThanOrEqual(128 * 1024);
  });
});

describe('events', () => {
  const context = { operation: 'image_edit' as const, created: 7, params };
  const read = (pieces: Iterable<string>) => {
    const [event, data, ...rest] = [...pieces].join('').split('\n');
    expect(rest).toEqual(['', '']);
    return { event, data: JSON.parse(data?.slice('data: '.length) ?? '') as object };
  };

  it('have the name of what they are in both places', () => {
    const image = { ...facts, bytes: Buffer.from('abc'), revisedPrompt: undefined };
    expect(read(partialImageEvent(image, 2, context))).toEqual({
      event: 'event: image_edit.partial_image',
      data: {
        type: 'image_edit.partial_image',
        index: 2,
        partial_image_index: 0,
        created_at: 7,
        size: '1024x768',
        quality: 'auto',
        background: 'opaque',
        output_format: 'jpeg',
        b64_json: 'YWJj',
      },
    });
  });

  it('end with all images, the first one where clients of OpenAI look', () => {
    const url = (n: number): ReadyImage => ({
      ...facts,
      type: 'png',
      content: { url: `http://h/${n}` },
      revisedPrompt: 'x',
    });
    expect(read(completedEvent([url(1), url(2)], context)).data).toMatchObject({
      type: 'image_edit.completed',
      created: 7,
      output_format: 'png',
      background: 'auto',
      data: [
        { url: 'http://h/1', revised_prompt: 'x' },
        { url: 'http://h/2', revised_prompt: 'x' },
      ],
      url: 'http://h/1',
    });
  });
});
