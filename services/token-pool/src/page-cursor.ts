import { z } from 'zod';

/** The text is no cursor that this list gave out. */
export class PageCursorError extends Error {
  override readonly name = 'PageCursorError';
}

const positionSchema = z.tuple([z.union([z.string(), z.number()]), z.string()]);

/** Where a page ended: what its list is sorted by, and the id that decides between equals. */
export type PagePosition = z.infer<typeof positionSchema>;

/** A position in a list as an opaque text. */
export function encodePageCursor(position: PagePosition): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** The position that `encodePageCursor` made. @throws PageCursorError for any other text */
export function decodePageCursor(cursor: string): PagePosition {
  try {
    return positionSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (cause) {
    throw new PageCursorError('no cursor of this list', { cause });
  }
}
