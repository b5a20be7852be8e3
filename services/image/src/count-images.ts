import type { Counter } from '@grok2api/service-kit';
import type { Tally } from './images-of.js';

/** Counts what has become of a request for images. */
export function countImages(
  counter: Counter<'result'>,
  { images, refused, broken }: Omit<Tally, 'costUsdTicks'>,
): void {
  counter.inc({ result: 'made' }, images);
  counter.inc({ result: 'refused' }, refused);
  counter.inc({ result: 'broken' }, broken);
}
