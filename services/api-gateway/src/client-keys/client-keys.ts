import { createHmac, randomBytes } from 'node:crypto';
import type { ClientKey as BusClientKey } from '@grok2api/contracts';
import { type ClientKey, configuredKey, madeKey } from './client-key.js';
import { keyHash } from './key-hash.js';

/** `closed`: a key is asked for; `open`: there has never been one; `unknown`: nobody has told yet. */
export type AccessMode = 'unknown' | 'open' | 'closed';

const MAC_KEY_BYTES = 32;

/**
 * Every client key that is known to this process, found by its secret in constant time: what is compared is a MAC of
 * the secret's hash under a key that this process alone knows. How long a comparison takes then tells only of MACs,
 * and nobody can say which secret has one like another's.
 */
export class ClientKeys {
  readonly #macKey = randomBytes(MAC_KEY_BYTES);
  readonly #configured: ReadonlyMap<string, ClientKey>;
  #made = new Map<string, ClientKey>();
  #closed: boolean;
  #complete = false;

  /** @param configured the keys of the settings */
  constructor(configured: readonly { name: string; secret: string }[]) {
    this.#configured = new Map(configured.map(({ name, secret }) => [this.#mac(keyHash(secret)), configuredKey(name)]));
    this.#closed = this.#configured.size > 0;
  }

  /** Whether requests need a key. Once closed it stays closed: keys may end, that there were some does not. */
  get mode(): AccessMode {
    if (this.#closed) return 'closed';
    return this.#complete ? 'open' : 'unknown';
  }

  /** Whether every key that an administrator made has been told; before, one that is not found may exist. */
  get complete(): boolean {
    return this.#complete;
  }

  /** The key with that secret, also one that has ended. */
  find(secret: string): ClientKey | undefined {
    return this.findByHash(keyHash(secret));
  }

  /** The key whose secret has that hash, also one that has ended. */
  findByHash(hash: Buffer): ClientKey | undefined {
    const mac = this.#mac(hash);
    return this.#configured.get(mac) ?? this.#made.get(mac);
  }

  /** Takes in keys that an administrator made or changed. */
  update(keys: readonly BusClientKey[]): void {
    for (const key of keys) this.#made.set(this.#mac(Buffer.from(key.secret_hash, 'hex')), madeKey(key));
    if (keys.length > 0) this.#closed = true;
  }

  /** Forgets the keys that an administrator made: they are about to be told anew. */
  forgetMade(): void {
    this.#made = new Map();
  }

  /** Notes that every key that an administrator made has been told. Without any the server is open. */
  markComplete(): void {
    this.#complete = true;
  }

  #mac(hash: Buffer): string {
    return createHmac('sha256', this.#macKey).update(hash).digest('base64');
  }
}
