import type { SKRSContext2D } from '@napi-rs/canvas';
import { PROMPT_FONT } from './font.js';

/** Draws a line of small print at the bottom of a frame, whose size is in pixels. */
export function drawFooter(context: SKRSContext2D, text: string, frame: { width: number; height: number }): void {
  const fontSize = Math.min(frame.width, frame.height) * 0.035;
  context.font = `${fontSize}px ${PROMPT_FONT}`;
  context.textAlign = 'center';
  context.textBaseline = 'alphabetic';
  context.shadowColor = 'rgba(0, 0, 0, 0.6)';
  context.shadowBlur = fontSize * 0.3;
  context.fillStyle = 'rgba(255, 255, 255, 0.85)';
  context.fillText(text, frame.width / 2, frame.height - fontSize * 1.4);
  context.shadowBlur = 0;
}
