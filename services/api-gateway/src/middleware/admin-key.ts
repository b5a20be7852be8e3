import { timingSafeEqual } from 'node:crypto';
import { ApiError } from '@grok2api/contracts';
import type { RequestHandler } from 'express';
import { keyHash } from '../client-keys/key-hash.js';
import type { KeyGuesses } from './key-guesses.js';
import { presentedKey } from './presented-key.js';

/**
 * Lets only requests with the admin key pass, or of a console that was signed in with it.
 * @throws ApiError `invalid_api_key`, `rate_limit_exceeded`
 */
export function requireAdminKey(adminKey: string, guesses: KeyGuesses): RequestHandler {
  const isAdminKey = adminKeyCheck(adminKey);
  return (req, res, next) => {
    const presented = presentedKey(req);
    const { session } = res.locals;
    if (presented === undefined && session?.admin && isAdminKey(session.admin)) return next();
    guesses.refuse(req);
    if (presented !== undefined && isAdminKey(keyHash(presented))) return next();
    if (presented !== undefined) guesses.remember(req);
    const reason = presented === undefined ? 'You did not provide the admin key.' : 'Incorrect admin key provided.';
    throw new ApiError('invalid_api_key', { values: { reason }, headers: { 'www-authenticate': 'Bearer' } });
  };
}

/** Tells, in constant time, whether a hash is that of the admin key. Without one no hash is. */
export function adminKeyCheck(adminKey: string | undefined): (hash: Buffer) => boolean {
  if (adminKey === undefined) return () => false;
  const expected = keyHash(adminKey);
  return (hash) => hash.length === expected.length && timingSafeEqual(hash, expected);
}
