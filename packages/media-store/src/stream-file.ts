import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { ByteRange } from './media-store.js';

/**
 * How much of a file is read at a time. With twice Node's default one reader gets hundreds of megabytes a second; much
 * more would be held for each slow reader.
 */
export const READ_BYTES = 128 * 1024;

/** The bytes of a range of an open file, which is closed in the end. */
export function streamFile(file: FileHandle, range: ByteRange): Readable {
  return file.createReadStream({ ...range, highWaterMark: READ_BYTES });
}
