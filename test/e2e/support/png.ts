import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const RGB = 2;

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** A PNG file with these pixels, which are not compressed: rows of RGB, each behind a zero. */
function png(width: number, height: number, pixels: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, RGB], 8);
  const parts = [
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels, { level: 0 })),
    chunk('IEND', Buffer.alloc(0)),
  ];
  return Buffer.concat([SIGNATURE, ...parts]);
}

/** A picture of about three bytes a pixel. */
export function hugePng(side: number): Buffer {
  const row = 1 + 3 * side;
  const pixels = Buffer.alloc(row * side);
  for (let y = 0; y < side; y++) for (let x = 1; x < row; x++) pixels[y * row + x] = (x * y) & 0xff;
  return png(side, side, pixels);
}

/** A small file that says it is a picture of this size. */
export function bombPng(width: number, height: number): Buffer {
  return png(width, height, Buffer.alloc(100));
}
