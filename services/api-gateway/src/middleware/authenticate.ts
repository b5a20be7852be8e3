import { createHash, timingSafeEqual } from 'node:crypto';
import { ApiError } from '@grok2api/contracts';
import type { Request, RequestHandler } from 'express';
import type { Identity } from '../locals.js';

/** The owner of everything while no key is configured. */
const OPEN_OWNER = 'open';
const NO_OWNER = '';

export interface ClientKey {
  name: string;
  secret: string;
}

/** Tells who sends a request, by its key. Keys are kept as hashes only. */
export class Authenticator {
  readonly #keys: { owner: string; hash: Buffer }[];

  constructor(keys: readonly ClientKey[]) {
    this.#keys = keys.map(({ name, secret }) => ({ owner: name, hash: sha256(secret) }));
  }

  /** Whether no key is configured, so that everybody is the one owner. */
  get open(): boolean {
    return this.#keys.length === 0;
  }

  /** Lets only requests with a good key pass. */
  readonly requireKey: RequestHandler = (req, res, next) => {
    const identity = this.#identify(req);
    if (!identity) {
      throw new ApiError('invalid_api_key', {
        values: { reason: 'You did not provide an API key. Send it as: Authorization: Bearer KEY.' },
        headers: { 'www-authenticate': 'Bearer' },
      });
    }
    res.locals.identity = identity;
    next();
  };

  /** Lets requests without a key pass too, as holders of what they name; a wrong key is refused all the same. */
  readonly allowCapability: RequestHandler = (req, res, next) => {
    res.locals.identity = this.#identify(req) ?? { owner: NO_OWNER, byCapability: true };
    next();
  };

  #identify(req: Request): Identity | undefined {
    if (this.open) return { owner: OPEN_OWNER, byCapability: false };
    const key = presentedKey(req);
    if (key === undefined) return undefined;
    const hash = sha256(key);
    let owner: string | undefined;
    // Every key is compared, so that the time tells nothing.
    for (const known of this.#keys) if (timingSafeEqual(known.hash, hash)) owner = known.owner;
    if (owner === undefined) {
      throw new ApiError('invalid_api_key', {
        values: { reason: 'Incorrect API key provided.' },
        headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
      });
    }
    return { owner, byCapability: false };
  }
}

function presentedKey(req: Request): string | undefined {
  const bearer = /^Bearer +(.+)$/i.exec(req.get('authorization') ?? '')?.[1];
  return bearer?.trim() || req.get('x-api-key') || undefined;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
