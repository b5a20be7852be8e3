import { createHash } from 'node:crypto';

/** The SHA-256 of an API key in hex: what is kept of a key. */
export function keySha256(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** The first 12 characters of a key's hash: what the control routes show. */
export function shortKeyHash(sha256: string): string {
  return sha256.slice(0, 12);
}
