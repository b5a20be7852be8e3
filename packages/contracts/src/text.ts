import { z } from 'zod';

/** A text that Postgres and JSON can carry: no NUL character, no half of a surrogate pair. */
export const textSchema = z.string().refine((text) => text.isWellFormed() && !text.includes('\0'), {
  error: 'It must be valid Unicode text without NUL characters.',
});
