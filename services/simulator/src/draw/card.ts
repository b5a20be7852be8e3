import { createHash } from 'node:crypto';
import { createCanvas, loadImage, type SKRSContext2D } from '@napi-rs/canvas';
import { PROMPT_FONT } from './font.js';
import { wrapText } from './wrap-text.js';

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
const LINE_HEIGHT = 1.35;
const MAX_PROMPT = 2000;

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
  drawFooter(context, card);
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
  const digest = createHash('sha256').update(prompt).digest();
  const hue = Math.round((digest.readUInt16BE(0) / 65_535) * 360);
  const ground = context.createLinearGradient(0, 0, width, height);
  ground.addColorStop(0, `hsl(${hue}, 55%, 24%)`);
  ground.addColorStop(1, `hsl(${(hue + 50) % 360}, 60%, 42%)`);
  context.fillStyle = ground;
  context.fillRect(0, 0, width, height);
}

function drawPrompt(context: SKRSContext2D, card: Card): void {
  const { width, height } = card;
  const side = width * MARGIN;
  const top = height * MARGIN;
  const { lines, fontSize } = fitPrompt(context, card.prompt.slice(0, MAX_PROMPT), {
    width: width - 2 * side,
    height: height * TEXT_BOTTOM - top,
    frame: Math.min(width, height),
  });
  const lineHeight = fontSize * LINE_HEIGHT;
  const textHeight = lines.length * lineHeight;
  const start = top + (height * TEXT_BOTTOM - top - textHeight) / 2;
  if (card.background) {
    context.fillStyle = 'rgba(0, 0, 0, 0.45)';
    context.beginPath();
    context.roundRect(
      side / 2,
      start - lineHeight * 0.3,
      width - side,
      textHeight + lineHeight * 0.6,
      lineHeight * 0.3,
    );
    context.fill();
  }
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.shadowColor = 'rgba(0, 0, 0, 0.5)';
  context.shadowBlur = fontSize * 0.15;
  context.fillStyle = '#ffffff';
  for (const [index, line] of lines.entries()) context.fillText(line, width / 2, start + lineHeight * (index + 0.5));
  context.shadowBlur = 0;
}

function fitPrompt(context: SKRSContext2D, prompt: string, room: { width: number; height: number; frame: number }) {
  const measure = (text: string) => context.measureText(text).width;
  const smallest = room.frame * 0.04;
  let fontSize = room.frame * 0.12;
  for (;;) {
    context.font = `${fontSize}px ${PROMPT_FONT}`;
    const lines = wrapText(prompt, room.width, measure);
    const fitting = Math.floor(room.height / (fontSize * LINE_HEIGHT));
    if (lines.length <= fitting) return { lines, fontSize };
    if (fontSize <= smallest) {
      const kept = lines.slice(0, fitting);
      return { lines: [...kept.slice(0, -1), `${kept.at(-1) ?? ''}…`], fontSize };
    }
    fontSize = Math.max(smallest, fontSize * 0.9);
  }
}

function drawFooter(context: SKRSContext2D, { footer, width, height }: Card): void {
  const fontSize = Math.min(width, height) * 0.035;
  context.font = `${fontSize}px ${PROMPT_FONT}`;
  context.textAlign = 'center';
  context.textBaseline = 'alphabetic';
  context.shadowColor = 'rgba(0, 0, 0, 0.6)';
  context.shadowBlur = fontSize * 0.3;
  context.fillStyle = 'rgba(255, 255, 255, 0.85)';
  context.fillText(footer, width / 2, height - fontSize * 1.4);
  context.shadowBlur = 0;
}

// Overlays on 4:2:0 pictures sit on even pixels.
function even(length: number): number {
  return Math.max(2, Math.round(length / 2) * 2);
}
