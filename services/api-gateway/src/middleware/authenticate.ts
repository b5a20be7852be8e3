import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '@grok2api/contracts';
import type { Request, RequestHandler } from 'express';
import type { ClientKey } from '../client-keys/client-key.js';
import type { ClientKeys } from '../client-keys/client-keys.js';
import type { Identity } from '../locals.js';

/** The owner of everything while there has never been a key. */
const OPEN_OWNER = 'open';
const NO_OWNER = '';
const RETRY_AFTER_S = '1';
/** How long a request waits to be told which keys there are. */
const PATIENCE_MS = 1_000;

export interface AuthenticatorDependencies {
  keys: ClientKeys;
  /** Asks once more which keys there are; resolves within seconds, whether somebody told or not. */
  refresh: () => Promise<void>;
  now: () => number;
}

/** Tells who sends a request, by its key. */
export class Authenticator {
  constructor(private readonly dependencies: AuthenticatorDependencies) {}

  /** Lets only requests with a good key pass. @throws ApiError `invalid_api_key`, `service_unavailable` */
  readonly requireKey: RequestHandler = async (req, res, next) => {
    const identity = await this.#identify(req);
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
  readonly allowCapability: RequestHandler = async (req, res, next) => {
    const holder = { owner: NO_OWNER, byCapability: true };
    const needsNoKey = presentedKey(req) === undefined && this.dependencies.keys.mode !== 'open';
    res.locals.identity = needsNoKey ? holder : ((await this.#identify(req)) ?? holder);
    next();
  };

  /** Who sends the request; undefined when it has no key and one is needed. */
  async #identify(req: Request): Promise<Identity | undefined> {
    const { keys, refresh } = this.dependencies;
    const secret = presentedKey(req);
    const known = () => (secret === undefined ? undefined : keys.find(secret));
    let key = known();
    if (!key && !keys.complete) {
      // Who comes before anybody has told is answered as is right, where that takes moments only.
      await Promise.race([refresh(), sleep(PATIENCE_MS, undefined, { ref: false })]);
      key = known();
    }
    if (key) return { owner: this.#checked(key).owner, byCapability: false, key };
    if (keys.mode === 'open') return { owner: OPEN_OWNER, byCapability: false };
    // Never open by mistake: there may be keys that nobody has told of yet.
    if (keys.mode === 'unknown' || (secret !== undefined && !keys.complete)) {
      throw new ApiError('service_unavailable', { headers: { 'retry-after': RETRY_AFTER_S } });
    }
    if (secret === undefined) return undefined;
    throw refused('Incorrect API key provided.');
  }

  #checked(key: ClientKey): ClientKey {
    if (key.revoked) throw refused('The API key provided has been revoked.');
    if (key.expiresAt !== undefined && key.expiresAt <= this.dependencies.now()) {
      throw refused('The API key provided has expired.');
    }
    return key;
  }
}

/** The key that a request carries. */
export function presentedKey(req: Request): string | undefined {
  const bearer = /^Bearer +(.+)$/i.exec(req.get('authorization') ?? '')?.[1];
  return bearer?.trim() || req.get('x-api-key') || undefined;
}

function refused(reason: string): ApiError {
  return new ApiError('invalid_api_key', {
    values: { reason },
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
  });
}
