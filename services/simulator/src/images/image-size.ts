/** The ratios that xAI makes. */
export const ASPECT_RATIOS = [
  '1:1',
  '3:4',
  '4:3',
  '9:16',
  '16:9',
  '2:3',
  '3:2',
  '9:19.5',
  '19.5:9',
  '9:20',
  '20:9',
  '1:2',
  '2:1',
] as const;

export type AspectRatio = (typeof ASPECT_RATIOS)[number];

/** The resolutions, by the pixels of their longer side. */
export const LONG_SIDES = { '1k': 1024, '2k': 2048 } as const;

export type Resolution = keyof typeof LONG_SIDES;

/** A size in pixels. */
export interface ImageSize {
  width: number;
  height: number;
}

/** The size of a picture in a ratio, or in that of another picture. */
export function imageSize(ratio: AspectRatio | ImageSize, resolution: Resolution): ImageSize {
  const { width, height } = typeof ratio === 'string' ? sidesOf(ratio) : ratio;
  const scale = LONG_SIDES[resolution] / Math.max(width, height);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

function sidesOf(ratio: AspectRatio): ImageSize {
  const [width = 1, height = 1] = ratio.split(':').map(Number);
  return { width, height };
}
