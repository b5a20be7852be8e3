import { ApiError } from '@grok2api/contracts';

/** A list's position as an opaque text. */
export function encodeCursor(seq: bigint): string {
  return Buffer.from(String(seq)).toString('base64url');
}

/** The position that `encodeCursor` made. @throws ApiError `invalid_value` for any other text */
export function decodeCursor(cursor: string): bigint {
  const text = Buffer.from(cursor, 'base64url').toString();
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  throw badCursor();
}

/** The error for a cursor that no page gave out. */
export function badCursor(): ApiError {
  return new ApiError('invalid_value', {
    param: 'cursor',
    values: { value: 'this text', allowed: 'Use the next_cursor of the page before.' },
  });
}
