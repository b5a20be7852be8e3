import { createHash, timingSafeEqual } from 'node:crypto';
import { ApiError, admit, type WindowEntry } from '@grok2api/contracts';
import type { RequestHandler } from 'express';
import { presentedKey } from './authenticate.js';

/** Wrong keys that one address may send in a minute. */
const MAX_FAILURES = 10;
/** Addresses whose failures are remembered at most. */
const REMEMBERED = 10_000;
const MS_PER_S = 1000;

/**
 * Lets only requests with the admin key pass. An address that has sent ten wrong ones within a minute is not listened to
 * until the first of them is a minute old, whatever it sends.
 * @throws ApiError `invalid_api_key`, `rate_limit_exceeded`
 */
export function requireAdminKey(adminKey: string, now: () => number): RequestHandler {
  const expected = sha256(adminKey);
  const failures = new Map<string, WindowEntry[]>();

  const refuseGuessing = (address: string): void => {
    const { entries, retryAfterMs } = admit(failures.get(address) ?? [], MAX_FAILURES, 0, now());
    if (entries.length === 0) failures.delete(address);
    if (retryAfterMs === 0) return;
    const seconds = Math.max(1, Math.ceil(retryAfterMs / MS_PER_S));
    throw new ApiError('rate_limit_exceeded', {
      message: `Too many wrong admin keys came from this address. Please try again in ${seconds}s.`,
      headers: { 'retry-after': String(seconds) },
    });
  };
  const remember = (address: string): void => {
    const { entries } = admit(failures.get(address) ?? [], MAX_FAILURES, 1, now());
    failures.delete(address);
    failures.set(address, entries);
    const [oldest] = failures.keys();
    if (failures.size > REMEMBERED && oldest !== undefined) failures.delete(oldest);
  };

  return (req, _res, next) => {
    const address = req.ip ?? '';
    refuseGuessing(address);
    const presented = presentedKey(req);
    if (presented !== undefined && timingSafeEqual(sha256(presented), expected)) return next();
    if (presented !== undefined) remember(address);
    const reason = presented === undefined ? 'You did not provide the admin key.' : 'Incorrect admin key provided.';
    throw new ApiError('invalid_api_key', { values: { reason }, headers: { 'www-authenticate': 'Bearer' } });
  };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
