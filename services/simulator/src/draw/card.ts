import { createCanvas, loadImage, type SKRSContext2D } from '@napi-rs/canvas';
import { drawFooter } from './footer.js';
import { promptHue } from './prompt-hue.js';
import { drawPromptText } from './prompt-text.js';

/** A frame's size in pixels. */
export interface FrameSize {
  width: number;
  height: number;
}

/** The still part of a clip. */
export interface Card extends FrameSize {
  prompt: string;
  /** One line of small print. */
  footer: string;
  /** A JPEG or PNG of the card's size; without it the colours come from the prompt. */
  background: Buffer | undefined;
}

// The moving disc has the part of the frame below this to itself.
const TEXT_BOTTOM = 0.66;
const MARGIN = 0.08;

/** Draws the card of a prompt as a PNG. The longer the prompt, the smaller it is; the end of a very long one is left out. */
export async function drawCard(card: Card): Promise<Buffer> {
  const canvas = createCanvas(card.width, card.height);
  const context = canvas.getContext('2d');
  if (card.background) {
    context.drawImage(await loadImage(card.background), 0, 0, card.width, card.height);
  } else {
    fillFromPrompt(context, card);
  }
  drawPrompt(context, card);
  drawFooter(context, card.footer, card);
  return canvas.encode('png');
}

/** Draws the disc that moves through a clip, as a PNG with a transparent ground. */
export function drawDisc(size: FrameSize): Promise<Buffer> {
  const diameter = even(Math.min(size.width, size.height) * 0.16);
  const canvas = createCanvas(diameter, diameter);
  const context = canvas.getContext('2d');
  const radius = diameter / 2;
  const glow = context.createRadialGradient(radius, radius, radius * 0.45, radius, radius, radius);
  glow.addColorStop(0, 'rgba(255, 214, 102, 1)');
  glow.addColorStop(0.2, 'rgba(255, 214, 102, 0.5)');
  glow.addColorStop(1, 'rgba(255, 214, 102, 0)');
  context.fillStyle = glow;
  context.fillRect(0, 0, diameter, diameter);
  return canvas.encode('png');
}

/** Draws the bar that grows along the bottom of a clip, at its full length, as a PNG. */
export function drawProgressBar(size: FrameSize): Promise<Buffer> {
  const height = even(Math.min(size.width, size.height) * 0.02);
  const canvas = createCanvas(size.width, height);
  const context = canvas.getContext('2d');
  context.fillStyle = '#ffd666';
  context.fillRect(0, 0, size.width, height);
  return canvas.encode('png');
}

function fillFromPrompt(context: SKRSContext2D, { prompt, width, height }: Card): void {
  const hue = promptHue(prompt);
  const ground = context.createLinearGradient(0, 0, width, height);
  ground.addColorStop(0, `hsl(${hue}, 55%, 24%)`);
  ground.addColorStop(1, `hsl(${(hue + 50) % 360}, 60%, 42%)`);
  context.fillStyle = ground;
  context.fillRect(0, 0, width, height);
}

function drawPrompt(context: SKRSContext2D, { prompt, width, height, background }: Card): void {
  const side = width * MARGIN;
  const top = height * MARGIN;
  drawPromptText(context, prompt, {
    left: side,
    top,
    width: width - 2 * side,
    height: height * TEXT_BOTTOM - top,
    frame: Math.min(width, height),
    panelMargin: background ? side / 2 : undefined,
  });
}

// Overlays on 4:2:0 pictures sit on even pixels.
function even(length: number): number {
  return Math.max(2, Math.round(length / 2) * 2);
}
