import { createHash } from 'node:crypto';

/** The hue, in degrees, that a prompt's colours have. */
export function promptHue(prompt: string): number {
  const digest = createHash('sha256').update(prompt).digest();
  return Math.round((digest.readUInt16BE(0) / 65_535) * 360);
}
