import type { UpstreamImages } from '@grok2api/grok-upstream';
import type { Logger } from '@grok2api/service-kit';
import { type MadeImage, toMadeImage } from './made-image.js';

/** What has become of a request for images so far, besides the images. */
export interface Tally {
  images: number;
  refused: number;
  /** What came, but was no image. */
  broken: number;
  /** 10^10 ticks are one USD; undefined when the upstream did not tell. */
  costUsdTicks: number | undefined;
}

export interface ImagesOfOptions {
  /** How many were asked for. */
  wanted: number;
  /** Asks for more of the same; undefined when nothing came of it. */
  askAgain: (count: number) => Promise<UpstreamImages | undefined>;
  log: Pick<Logger, 'warn'>;
}

/**
 * The images of a reply, one by one. Where a model gives fewer at a time than were asked for, the missing ones are asked
 * for once more: not when some were refused, which they would be again, nor in place of what came broken and is paid.
 * @returns what has become of all
 */
export async function* imagesOf(
  first: UpstreamImages,
  { wanted, askAgain, log }: ImagesOfOptions,
): AsyncGenerator<MadeImage, Tally> {
  const tally: Tally = { images: 0, refused: 0, broken: 0, costUsdTicks: undefined };

  async function* take(reply: UpstreamImages): AsyncGenerator<MadeImage> {
    tally.refused += reply.refused;
    tally.broken += reply.broken;
    if (reply.costUsdTicks !== undefined) tally.costUsdTicks = (tally.costUsdTicks ?? 0) + reply.costUsdTicks;
    // What was asked for is what is given, whatever the upstream sends.
    for (const sent of reply.images.slice(0, wanted - tally.images)) {
      const image = await toMadeImage(sent, log);
      if (image) {
        tally.images++;
        yield image;
      } else tally.broken++;
    }
  }

  yield* take(first);
  const missing = wanted - tally.images - tally.broken;
  if (missing > 0 && tally.refused === 0) {
    const more = await askAgain(missing);
    if (more) yield* take(more);
  }
  return tally;
}
