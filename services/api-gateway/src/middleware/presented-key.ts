import type { Request, Response } from 'express';
import { keyHash } from '../client-keys/key-hash.js';

/** The key that a request carries. */
export function presentedKey(req: Request): string | undefined {
  const bearer = /^Bearer +(.+)$/i.exec(req.get('authorization') ?? '')?.[1];
  return bearer?.trim() || req.get('x-api-key') || undefined;
}

/** The hash of the client key that a request carries, or that the console was signed in with. */
export function presentedHash(req: Request, res: Response): Buffer | undefined {
  const key = presentedKey(req);
  return key === undefined ? res.locals.session?.client : keyHash(key);
}
