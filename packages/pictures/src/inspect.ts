// What can be told of a picture without decoding it. Nothing here loads sharp: a process that only judges uploads has
// no need of it.
import { buffer } from 'node:stream/consumers';
import { type MediaStore, type PictureType, pictureType } from '@grok2api/media-store';
import { imageDimensionsFromData } from 'image-dimensions';
import { checkDimensions } from './limits.js';
import { BROKEN, NOT_A_PICTURE, NOT_KEPT, PictureError } from './picture-error.js';

export { PictureError } from './picture-error.js';

/** Enough for the header of nearly every file. */
const HEAD_BYTES = 64 * 1024;
/** What programs store before the header of a JPEG file, previews and histories of edits, may take megabytes. */
const LONG_HEAD_BYTES = 4 * 1024 * 1024;
/** Some programs leave bytes behind the end of a PNG file. */
const TAIL_BYTES = 64 * 1024;

/** What the header of a picture file says. */
export interface PictureHeader {
  /** By the file's content. */
  type: PictureType;
  /** In pixels, as stored: before it is turned as its EXIF orientation says. */
  width: number;
  height: number;
}

/**
 * Judges a file of the media store: whether it is PNG, JPEG or WebP, has not too many pixels, and is not cut off (which
 * of a JPEG file only decoding tells). Reads parts of it only, never more than 4 MiB at a time.
 * @throws PictureError
 */
export async function inspectUpload(media: MediaStore, mediaId: string): Promise<PictureHeader> {
  const stat = await media.stat(mediaId);
  if (!stat) throw new PictureError(NOT_KEPT);
  return inspect({
    size: stat.bytes,
    async read(start, end) {
      const opened = await media.open(mediaId, { start, end: end - 1 });
      if (!opened) throw new PictureError(NOT_KEPT);
      return buffer(opened.stream);
    },
  });
}

/** Judges a file in memory, such as the upstream sends, in the same way. @throws PictureError */
export async function inspectBytes(bytes: Buffer): Promise<PictureHeader> {
  return inspect({ size: bytes.length, read: async (start, end) => bytes.subarray(start, end) });
}

interface ReadableFile {
  /** In bytes. */
  size: number;
  /** The bytes from `start` to before `end`, or to the end of the file. */
  read(start: number, end: number): Promise<Buffer>;
}

async function inspect(file: ReadableFile): Promise<PictureHeader> {
  const head = await file.read(0, HEAD_BYTES);
  const type = await pictureType(head);
  if (!type) throw new PictureError(NOT_A_PICTURE);
  const { width = 0, height = 0 } = (await readDimensions(head, file)) ?? {};
  checkDimensions({ width, height });
  if (width * height === 0 || (await isCut(type, head, file))) throw new PictureError(BROKEN);
  return { type, width, height };
}

async function readDimensions(
  head: Buffer,
  file: ReadableFile,
): Promise<{ width: number; height: number } | undefined> {
  const found = imageDimensionsFromData(head);
  return found || head.length === file.size ? found : imageDimensionsFromData(await file.read(0, LONG_HEAD_BYTES));
}

async function isCut(type: PictureType, head: Buffer, { size, read }: ReadableFile): Promise<boolean> {
  switch (type) {
    // developers.google.com/speed/webp/docs/riff_container: the size of the file, less these eight bytes.
    case 'webp':
      return head.readUInt32LE(4) + 8 > size;
    case 'png':
      return !(await read(Math.max(0, size - TAIL_BYTES), size)).includes('IEND');
    case 'jpg':
      // Neither a length nor a last part says where it ends: programs append whole videos to such files.
      return false;
  }
}
