import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '@grok2api/contracts';
import type { RequestHandler } from 'express';
import type { ClientKey } from '../client-keys/client-key.js';
import type { ClientKeys } from '../client-keys/client-keys.js';
import type { Identity } from '../locals.js';
import { presentedHash, presentedKey } from './presented-key.js';

/** The owner of everything while there has never been a key. */
const OPEN_OWNER = 'open';
const NO_OWNER = '';
const RETRY_AFTER_S = '1';
/** How long a request waits to be told which keys there are. */
const PATIENCE_MS = 1_000;

const INCORRECT = 'Incorrect API key provided.';

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
    const identity = await this.#identify(presentedHash(req, res));
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
    const hash = presentedHash(req, res);
    const needsNoKey = hash === undefined && this.dependencies.keys.mode !== 'open';
    res.locals.identity = needsNoKey ? holder : ((await this.#identify(hash)) ?? holder);
    next();
  };

  /**
   * Refuses a key that is known to be wrong, where none is asked for. While it may be that nobody has told of it yet it
   * passes: how this server is has to be told before anybody has.
   */
  readonly refuseWrongKey: RequestHandler = (req, _res, next) => {
    const { keys } = this.dependencies;
    const secret = presentedKey(req);
    const key = secret === undefined ? undefined : keys.find(secret);
    if (key) this.#checked(key);
    else if (secret !== undefined && keys.mode === 'closed' && keys.complete) throw refused(INCORRECT);
    next();
  };

  /** The client key whose secret has that hash. @throws ApiError `invalid_api_key`, `service_unavailable` */
  async clientKey(hash: Buffer): Promise<ClientKey> {
    const identity = await this.#identify(hash);
    if (!identity?.key) throw refused(INCORRECT);
    return identity.key;
  }

  /** Who has the key with that hash; undefined for no key where one is needed. */
  async #identify(hash: Buffer | undefined): Promise<Identity | undefined> {
    const { keys, refresh } = this.dependencies;
    const known = () => (hash === undefined ? undefined : keys.findByHash(hash));
    let key = known();
    if (!key && !keys.complete) {
      // Who comes before anybody has told is answered as is right, where that takes moments only.
      await Promise.race([refresh(), sleep(PATIENCE_MS, undefined, { ref: false })]);
      key = known();
    }
    if (key) return { owner: this.#checked(key).owner, byCapability: false, key };
    if (keys.mode === 'open') return { owner: OPEN_OWNER, byCapability: false };
    // Never open by mistake: there may be keys that nobody has told of yet.
    if (keys.mode === 'unknown' || (hash !== undefined && !keys.complete)) {
      throw new ApiError('service_unavailable', { headers: { 'retry-after': RETRY_AFTER_S } });
    }
    if (hash === undefined) return undefined;
    throw refused(INCORRECT);
  }

  #checked(key: ClientKey): ClientKey {
    if (key.revoked) throw refused('The API key provided has been revoked.');
    if (key.expiresAt !== undefined && key.expiresAt <= this.dependencies.now()) {
      throw refused('The API key provided has expired.');
    }
    return key;
  }
}

function refused(reason: string): ApiError {
  return new ApiError('invalid_api_key', {
    values: { reason },
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
  });
}
