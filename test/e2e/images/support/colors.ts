import { createCanvas, loadImage } from '@napi-rs/canvas';

/** By how much a channel may be off after it went through a JPEG file. */
const TOLERANCE = 20;
/** Pixels that make a colour one that is shown. */
const ENOUGH = 50;

/** A full colour of the circle, from red (0) round to red again (1). */
export function hue(turn: number): string {
  const channel = (shift: number) => {
    const at = Math.abs(((((turn + shift) % 1) * 6 + 6) % 6) - 3) - 1;
    return Math.round(255 * Math.min(1, Math.max(0, at)));
  };
  const hex = [channel(0), channel(2 / 3), channel(1 / 3)].map((value) => value.toString(16).padStart(2, '0'));
  return `#${hex.join('')}`;
}

/** Those of the colours that a picture shows. */
export async function colorsIn(file: Buffer, colors: readonly string[]): Promise<string[]> {
  const image = await loadImage(file);
  const context = createCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  return colors.filter((color) => {
    const wanted = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
    let found = 0;
    for (let at = 0; at < data.length; at += 4) {
      if (wanted.every((value, channel) => Math.abs((data[at + channel] ?? 0) - value) <= TOLERANCE)) found++;
    }
    return found >= ENOUGH;
  });
}
