import type { SKRSContext2D } from '@napi-rs/canvas';
import { PROMPT_FONT } from './font.js';
import { wrapText } from './wrap-text.js';

const LINE_HEIGHT = 1.35;
const MAX_PROMPT = 2000;
// White space at the ends of lines is left out, so that the lines may be shorter than the text.
const DENSEST = 0.7;

/** Where a prompt is written, in pixels. */
export interface TextArea {
  left: number;
  top: number;
  width: number;
  height: number;
  /** The shorter side of the frame, which the size of the letters follows. */
  frame: number;
  /** How far a dark panel behind the text stands out on both sides of the area; undefined: no panel. */
  panelMargin?: number | undefined;
}

/** Writes a prompt in the middle of an area. The longer it is, the smaller; the end of a very long one is left out. */
export function drawPromptText(context: SKRSContext2D, prompt: string, area: TextArea): void {
  const { lines, fontSize } = fitPrompt(context, prompt.slice(0, MAX_PROMPT), area);
  const lineHeight = fontSize * LINE_HEIGHT;
  const textHeight = lines.length * lineHeight;
  const start = area.top + (area.height - textHeight) / 2;
  if (area.panelMargin !== undefined) {
    context.fillStyle = 'rgba(0, 0, 0, 0.45)';
    context.beginPath();
    context.roundRect(
      area.left - area.panelMargin,
      start - lineHeight * 0.3,
      area.width + 2 * area.panelMargin,
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
  const middle = area.left + area.width / 2;
  for (const [index, line] of lines.entries()) context.fillText(line, middle, start + lineHeight * (index + 0.5));
  context.shadowBlur = 0;
}

function fitPrompt(context: SKRSContext2D, prompt: string, area: TextArea) {
  const measure = (text: string) => context.measureText(text).width;
  const unbroken = prompt.replaceAll(/\s+/g, ' ');
  const smallest = area.frame * 0.04;
  let fontSize = area.frame * 0.12;
  for (;;) {
    context.font = `${fontSize}px ${PROMPT_FONT}`;
    const fitting = Math.floor(area.height / (fontSize * LINE_HEIGHT));
    // Breaking a long text into lines takes its time: not at a size where even lines without a gap are too many.
    if (fontSize > smallest && measure(unbroken) * DENSEST > fitting * area.width) {
      fontSize = Math.max(smallest, fontSize * 0.9);
      continue;
    }
    const lines = wrapText(prompt, area.width, measure);
    if (lines.length <= fitting) return { lines, fontSize };
    if (fontSize <= smallest) {
      const kept = lines.slice(0, fitting);
      return { lines: [...kept.slice(0, -1), `${kept.at(-1) ?? ''}…`], fontSize };
    }
    fontSize = Math.max(smallest, fontSize * 0.9);
  }
}
