import { randomFillSync } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import sharp, { type Metadata, type Sharp } from 'sharp';

export const MIB = 1024 * 1024;

/** A picture of random pixels, which no encoder can make much smaller. Its alpha channel, if any, is random too. */
export function noise(width: number, height: number, channels: 3 | 4 = 3): Sharp {
  const pixels = randomFillSync(Buffer.alloc(width * height * channels));
  return sharp(pixels, { raw: { width, height, channels } });
}

/** A picture whose left half is red and whose right half is blue. */
export function redThenBlue(width: number, height: number): Sharp {
  const pixels = Buffer.alloc(width * height * 3);
  for (let at = 0; at < width * height; at++) pixels[at * 3 + (at % width < width / 2 ? 0 : 2)] = 255;
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

/** A PNG file of a few bytes, well-formed, that says it has this many pixels. */
export function pngThatClaims(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits, RGB.
  header.set([8, 2], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(Buffer.alloc(1000))),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The file with a chunk that holds this text. */
export function pngWithText(png: Buffer, text: string): Buffer {
  const behindHeader = 33;
  const chunk = pngChunk('tEXt', Buffer.from(`Comment\0${text}`));
  return Buffer.concat([png.subarray(0, behindHeader), chunk, png.subarray(behindHeader)]);
}

/** The file with a segment that holds these bytes, of its application's own (`0xe0` to `0xef`) or a comment (`0xfe`). */
export function jpegWithSegment(jpeg: Buffer, marker: number, content: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, content, jpeg.subarray(2)]);
}

/** What a JPEG file (markers in hexadecimal, up to the pixels) or a WebP file (names of chunks) is made of. */
export function partsOf(bytes: Buffer): string[] {
  const parts: string[] = [];
  if (bytes.readUInt16BE(0) === 0xffd8) {
    for (let at = 2; parts.at(-1) !== 'da'; at += 2 + bytes.readUInt16BE(at + 2)) {
      parts.push(bytes.toString('hex', at + 1, at + 2));
    }
  } else {
    for (let at = 12; at < bytes.length; ) {
      parts.push(bytes.toString('latin1', at, at + 4));
      const length = bytes.readUInt32LE(at + 4);
      at += 8 + length + (length % 2);
    }
  }
  return parts;
}

function pngChunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, checksum]);
}

/** Its raw pixel, as [red, green, blue] and alpha if it has one. */
export async function pixelAt(bytes: Buffer, left: number, top: number): Promise<number[]> {
  return [...(await sharp(bytes).extract({ left, top, width: 1, height: 1 }).raw().toBuffer())];
}

/** The file in a data URL, and what its header says. */
export async function openDataUrl(dataUrl: string): Promise<{ bytes: Buffer; metadata: Metadata }> {
  const bytes = Buffer.from(dataUrl.slice(dataUrl.indexOf(',') + 1), 'base64');
  return { bytes, metadata: await sharp(bytes).metadata() };
}
