import { createCanvas, type Image, loadImage } from '@napi-rs/canvas';

type PictureType = 'png' | 'jpeg' | 'webp';

/** A picture of one colour, as a data URL; what is cleared of it is transparent. */
export async function plainPicture(
  type: PictureType,
  size: { width: number; height: number },
  color: string,
  cleared?: { left: number; top: number; width: number; height: number },
): Promise<string> {
  const canvas = createCanvas(size.width, size.height);
  const context = canvas.getContext('2d');
  context.fillStyle = color;
  context.fillRect(0, 0, size.width, size.height);
  if (cleared) context.clearRect(cleared.left, cleared.top, cleared.width, cleared.height);
  const bytes = type === 'png' ? await canvas.encode('png') : await canvas.encode(type, 95);
  return `data:image/${type};base64,${bytes.toString('base64')}`;
}

/** A picture's type by its first bytes, its size in pixels, and its pixels as RGBA. */
export async function readPixels(bytes: Buffer) {
  const type =
    bytes.subarray(0, 3).toString('hex') === 'ffd8ff' ? 'jpeg' : bytes.toString('latin1', 1, 4).toLowerCase();
  const picture: Image = await loadImage(bytes);
  const { width, height } = picture;
  const context = createCanvas(width, height).getContext('2d');
  context.drawImage(picture, 0, 0);
  return { type, width, height, pixels: context.getImageData(0, 0, width, height).data };
}

/** The share of pixels that are near a colour, given as RGBA. */
export function shareOf(pixels: Uint8ClampedArray, color: readonly [number, number, number, number]): number {
  let near = 0;
  for (let at = 0; at < pixels.length; at += 4) {
    if (color.every((channel, index) => Math.abs((pixels[at + index] ?? 0) - channel) < 24)) near += 1;
  }
  return near / (pixels.length / 4);
}
