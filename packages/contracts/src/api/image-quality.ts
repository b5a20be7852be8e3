import type { Model } from '../models.js';
import type { ImageParams } from '../task.js';

/** The names that the documents and OpenAI's API have for qualities. */
export const IMAGE_QUALITY_NAMES = ['standard', 'hd', 'low', 'medium', 'high', 'auto'] as const;

/** `standard` is what a model makes by itself; more than `medium` the upstream does not have. */
const UPSTREAM_QUALITY = {
  standard: 'auto',
  hd: 'medium',
  low: 'low',
  medium: 'medium',
  high: 'medium',
  auto: 'auto',
} as const satisfies Record<(typeof IMAGE_QUALITY_NAMES)[number], ImageParams['quality']>;

/** The quality to ask a model for; undefined where it takes none. */
export function imageQuality(
  name: (typeof IMAGE_QUALITY_NAMES)[number],
  { image }: Pick<Model, 'image'>,
): ImageParams['quality'] {
  const quality = UPSTREAM_QUALITY[name];
  return image?.qualities.includes(quality) ? quality : undefined;
}
