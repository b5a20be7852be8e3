import { createCanvas, type Image } from '@napi-rs/canvas';

const SAMPLE = 48;

const NAMED: readonly (readonly [name: string, red: number, green: number, blue: number])[] = [
  ['black', 0, 0, 0],
  ['white', 255, 255, 255],
  ['gray', 128, 128, 128],
  ['red', 230, 20, 20],
  ['orange', 255, 150, 20],
  ['yellow', 250, 230, 40],
  ['green', 20, 160, 50],
  ['cyan', 40, 220, 230],
  ['blue', 30, 60, 230],
  ['purple', 140, 30, 160],
  ['pink', 255, 130, 190],
  ['brown', 130, 75, 30],
];

/** The colour that most of a picture has, as `#rrggbb` and in a word. Transparent parts count as white. */
export function dominantColor(picture: Image): { hex: string; name: string } {
  const canvas = createCanvas(SAMPLE, SAMPLE);
  const context = canvas.getContext('2d');
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, SAMPLE, SAMPLE);
  context.drawImage(picture, 0, 0, SAMPLE, SAMPLE);
  const color = meanOfLargestGroup(context.getImageData(0, 0, SAMPLE, SAMPLE).data);
  const hex = `#${color.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
  return { hex, name: nameOf(color) };
}

type Color = [red: number, green: number, blue: number];

// Colours near each other are counted together, or the noise of a JPEG would hide its colour.
function meanOfLargestGroup(pixels: Uint8ClampedArray): Color {
  const groups = new Map<number, { count: number; sum: Color }>();
  for (let at = 0; at < pixels.length; at += 4) {
    const [red = 0, green = 0, blue = 0] = pixels.subarray(at, at + 3);
    const key = ((red >> 5) << 6) | ((green >> 5) << 3) | (blue >> 5);
    const group = groups.get(key) ?? { count: 0, sum: [0, 0, 0] };
    group.count += 1;
    group.sum = [group.sum[0] + red, group.sum[1] + green, group.sum[2] + blue];
    groups.set(key, group);
  }
  let largest = { count: 1, sum: [0, 0, 0] satisfies Color as Color };
  for (const group of groups.values()) if (group.count > largest.count) largest = group;
  const { count, sum } = largest;
  return [Math.round(sum[0] / count), Math.round(sum[1] / count), Math.round(sum[2] / count)];
}

function nameOf([red, green, blue]: Color): string {
  let nearest = { name: '', distance: Number.POSITIVE_INFINITY };
  for (const [name, r, g, b] of NAMED) {
    const distance = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
    if (distance < nearest.distance) nearest = { name, distance };
  }
  return nearest.name;
}
