import { createHash } from 'node:crypto';

/** What is kept, compared and sent of a key in its place: SHA-256. */
export function keyHash(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
