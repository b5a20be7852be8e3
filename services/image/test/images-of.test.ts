import type { UpstreamImages } from '@grok2api/grok-upstream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { imagesOf, type Tally } from '../src/images-of.js';
import type { MadeImage } from '../src/made-image.js';

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAEElEQVR4nGP4z8AARwzEcQCukw/x0F8jngAAAABJRU5ErkJggg==',
  'base64',
);
const NO_IMAGE = Buffer.from('These bytes are no picture.');
const log = { warn: () => {} };

/** An upstream's reply: how many are images, how many only say so, how many were refused or came broken. */
interface Sent {
  good: number;
  bad: number;
  refused: number;
  broken: number;
}

function replyOf({ good, bad, refused, broken }: Sent): UpstreamImages {
  const image = (bytes: Buffer) => ({ bytes, mimeType: 'image/jpeg' });
  const images = [
    ...Array.from({ length: good }, () => image(PNG)),
    ...Array.from({ length: bad }, () => image(NO_IMAGE)),
  ];
  return { images, refused, broken, costUsdTicks: good };
}

async function take(wanted: number, first: Sent, second?: Sent) {
  const asked: number[] = [];
  const images: MadeImage[] = [];
  const all = imagesOf(replyOf(first), {
    wanted,
    askAgain: async (count) => {
      asked.push(count);
      return second && replyOf(second);
    },
    log,
  });
  let next = await all.next();
  for (; !next.done; next = await all.next()) images.push(next.value);
  return { images, asked, tally: next.value satisfies Tally };
}

const none = { good: 0, bad: 0, refused: 0, broken: 0 };
const sent = fc.record({ good: fc.nat(5), bad: fc.nat(2), refused: fc.nat(2), broken: fc.nat(2) });

describe('the images of a reply', () => {
  it('are what their content says', async () => {
    const { images } = await take(1, { ...none, good: 1 });
    expect(images).toEqual([{ bytes: PNG, type: 'png', width: 4, height: 4, revisedPrompt: undefined }]);
  });

  it('are asked for once more where fewer came, for so many', async () => {
    const { images, asked, tally } = await take(4, { ...none, good: 1 }, { ...none, good: 2 });
    expect(asked).toEqual([3]);
    expect(images).toHaveLength(3);
    expect(tally).toEqual({ images: 3, refused: 0, broken: 0, costUsdTicks: 3 });
  });

  it('are not asked for again where some were refused, nor in place of what is paid', async () => {
    expect((await take(4, { ...none, good: 1, refused: 1 })).asked).toEqual([]);
    expect((await take(3, { ...none, good: 1, broken: 1, bad: 1 })).asked).toEqual([]);
  });

  it('are those of the first reply when nothing comes of the second', async () => {
    expect((await take(2, { ...none, good: 1 })).images).toHaveLength(1);
  });

  it('are never more than wanted, never asked for more than once, and always counted', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 10 }),
        sent,
        fc.option(sent, { nil: undefined }),
        async (wanted, first, second) => {
          const { images, asked, tally } = await take(wanted, first, second);
          expect(images.length).toBeLessThanOrEqual(wanted);
          expect(tally.images).toBe(images.length);
          expect(asked.length).toBeLessThanOrEqual(1);
          expect(first.good + first.bad + first.broken + (asked[0] ?? 0)).toBeLessThanOrEqual(
            Math.max(wanted, first.good + first.bad + first.broken),
          );
          for (const { type } of images) expect(type).toBe('png');
        },
      ),
    );
  });
});
