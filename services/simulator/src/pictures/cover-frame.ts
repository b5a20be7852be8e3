import { createCanvas, type Image } from '@napi-rs/canvas';

const JPEG_QUALITY = 90;

/** A JPEG of the given size, in pixels, that the picture fills; what stands over is cut off on both sides alike. */
export function coverFrame(picture: Image, size: { width: number; height: number }): Promise<Buffer> {
  const { width, height } = size;
  const canvas = createCanvas(width, height);
  const scale = Math.max(width / picture.width, height / picture.height);
  const drawn = { width: picture.width * scale, height: picture.height * scale };
  const context = canvas.getContext('2d');
  // A transparent picture lies on white.
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, width, height);
  context.drawImage(picture, (width - drawn.width) / 2, (height - drawn.height) / 2, drawn.width, drawn.height);
  return canvas.encode('jpeg', JPEG_QUALITY);
}
