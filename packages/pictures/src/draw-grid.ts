import sharp from 'sharp';
import type { Bitmap } from './bitmap.js';
import type { GridLayout } from './grid-plan.js';

/**
 * Draws pictures of at most the layout's `cellSide` into the middle of its cells. What is left is transparent if any
 * picture has an alpha channel, else white.
 */
export async function drawGrid(pictures: readonly Bitmap[], layout: GridLayout): Promise<Bitmap> {
  const { width, height, cellSide, cells } = layout;
  const channels = pictures.some((picture) => picture.channels === 4) ? 4 : 3;
  const background = channels === 4 ? { r: 0, g: 0, b: 0, alpha: 0 } : 'white';
  const drawn = sharp({ create: { width, height, channels, background } }).composite(
    cells.flatMap(({ left, top }, index) => {
      const picture = pictures[index];
      if (!picture) return [];
      const { pixels, ...raw } = picture;
      return {
        input: pixels,
        raw,
        left: left + Math.floor((cellSide - raw.width) / 2),
        top: top + Math.floor((cellSide - raw.height) / 2),
      };
    }),
  );
  const exact = channels === 4 ? drawn : drawn.removeAlpha();
  return { pixels: await exact.raw().toBuffer(), width, height, channels };
}
