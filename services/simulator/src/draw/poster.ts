import { createCanvas, type Image, type SKRSContext2D } from '@napi-rs/canvas';
import { drawFooter } from './footer.js';
import { promptHue } from './prompt-hue.js';
import { drawPromptText, type TextArea } from './prompt-text.js';

const JPEG_QUALITY = 90;
const MARGIN = 0.06;
const FOOTER = 0.1;
const HUE_STEP = 30;

/** A picture to draw; its size is in pixels. */
export interface Poster {
  width: number;
  height: number;
  prompt: string;
  /** One line of small print. */
  footer: string;
  /** Pictures that stand beside the prompt. */
  tiles: readonly Image[];
  /** 0 for the first of several posters of a prompt, each of which has another colour. */
  index: number;
  type: 'image/jpeg' | 'image/png';
}

/**
 * Draws the prompt on a plain colour that comes from it, with the tiles beside it, each whole. In a PNG a tile keeps
 * its transparency; in a JPEG it lies on white.
 */
export function drawPoster(poster: Poster): Promise<Buffer> {
  const { width, height, prompt, tiles } = poster;
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d');
  context.fillStyle = `hsl(${(promptHue(prompt) + poster.index * HUE_STEP) % 360}, 55%, 32%)`;
  context.fillRect(0, 0, width, height);
  const { text, spots } = layOut(poster);
  for (const [index, tile] of tiles.entries()) {
    const spot = spots[index];
    if (spot) drawTile(context, tile, spot, poster.type);
  }
  drawPromptText(context, prompt, { ...text, frame: Math.min(width, height) });
  drawFooter(context, poster.footer, poster);
  return poster.type === 'image/png' ? canvas.encode('png') : canvas.encode('jpeg', JPEG_QUALITY);
}

type Rectangle = Omit<TextArea, 'frame' | 'panelMargin'>;

/** The tiles have a bit more than half of the longer side, side by side along the shorter one. */
function layOut({ width, height, tiles }: Poster): { text: Rectangle; spots: Rectangle[] } {
  const margin = Math.min(width, height) * MARGIN;
  const inner = {
    left: margin,
    top: margin,
    width: width - 2 * margin,
    height: height - margin - Math.min(width, height) * FOOTER,
  };
  if (tiles.length === 0) return { text: inner, spots: [] };
  const isWide = inner.width > inner.height;
  const [area, text] = isWide ? splitColumns(inner, margin) : splitRows(inner, margin);
  const spots = tiles.map((_, index) => {
    if (isWide) {
      const step = area.height / tiles.length;
      return { ...area, top: area.top + index * step, height: step - (tiles.length > 1 ? margin / 2 : 0) };
    }
    const step = area.width / tiles.length;
    return { ...area, left: area.left + index * step, width: step - (tiles.length > 1 ? margin / 2 : 0) };
  });
  return { text, spots };
}

function splitColumns(inner: Rectangle, margin: number): [Rectangle, Rectangle] {
  const width = inner.width * 0.55;
  const left = inner.left + width + margin;
  return [
    { ...inner, width },
    { ...inner, left, width: inner.width - width - margin },
  ];
}

function splitRows(inner: Rectangle, margin: number): [Rectangle, Rectangle] {
  const height = inner.height * 0.55;
  const top = inner.top + height + margin;
  return [
    { ...inner, height },
    { ...inner, top, height: inner.height - height - margin },
  ];
}

function drawTile(context: SKRSContext2D, tile: Image, spot: Rectangle, type: Poster['type']): void {
  const scale = Math.min(spot.width / tile.width, spot.height / tile.height);
  const width = tile.width * scale;
  const height = tile.height * scale;
  const left = spot.left + (spot.width - width) / 2;
  const top = spot.top + (spot.height - height) / 2;
  if (type === 'image/png') context.clearRect(left, top, width, height);
  else {
    context.fillStyle = '#ffffff';
    context.fillRect(left, top, width, height);
  }
  context.drawImage(tile, left, top, width, height);
}
