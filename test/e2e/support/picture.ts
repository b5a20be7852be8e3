import { createCanvas } from '@napi-rs/canvas';

/** A picture of one colour as a PNG data URL. */
export async function picture(of: { width: number; height: number; color: string }): Promise<string> {
  return `data:image/png;base64,${(await pictureFile(of)).toString('base64')}`;
}

/** The same as a file. */
export async function pictureFile({ width, height, color }: { width: number; height: number; color: string }) {
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d');
  context.fillStyle = color;
  context.fillRect(0, 0, width, height);
  return canvas.encode('png');
}
