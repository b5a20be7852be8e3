import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const KEY_ID_BYTES = 4;
/** The length that GCM is defined for without further hashing. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const NONCE_END = KEY_ID_BYTES + NONCE_BYTES;

/** A stored secret was encrypted under another key, belongs to another row, or was changed. */
export class DecryptError extends Error {
  override readonly name = 'DecryptError';
}

/**
 * Encrypts secrets for storage with AES-256-GCM.
 * Layout: key id (4 bytes), nonce (12, random), ciphertext, tag (16). The key id tells which key a row needs,
 * so that several keys can be in use while one replaces the other.
 */
export class Secrets {
  readonly #key: Uint8Array;
  readonly #keyId: Buffer;
  /** Every key by its id in hex. */
  readonly #keys: ReadonlyMap<string, Uint8Array>;

  /**
   * @param key 32 bytes: encrypts, and decrypts what it encrypted
   * @param oldKeys decrypt what they encrypted
   */
  constructor(key: Uint8Array, oldKeys: readonly Uint8Array[] = []) {
    this.#key = key;
    this.#keyId = keyIdOf(key);
    this.#keys = new Map([...oldKeys, key].map((each) => [keyIdOf(each).toString('hex'), each]));
  }

  /** The bytes that everything begins with that this encrypts. */
  get keyId(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#keyId);
  }

  /** @param owner id of the row: the result decrypts for no other row */
  encrypt(secret: string, owner: string): Uint8Array<ArrayBuffer> {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce).setAAD(Buffer.from(owner));
    const ciphertext = [cipher.update(secret, 'utf8'), cipher.final()];
    return new Uint8Array(Buffer.concat([this.#keyId, nonce, ...ciphertext, cipher.getAuthTag()]));
  }

  /** @throws DecryptError */
  decrypt(stored: Uint8Array, owner: string): string {
    const bytes = Buffer.from(stored);
    const key = this.#keys.get(bytes.subarray(0, KEY_ID_BYTES).toString('hex'));
    if (!key) throw new DecryptError('encrypted under another key');
    try {
      const nonce = bytes.subarray(KEY_ID_BYTES, NONCE_END);
      const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(owner)).setAuthTag(bytes.subarray(-TAG_BYTES));
      return decipher.update(bytes.subarray(NONCE_END, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    } catch (cause) {
      throw new DecryptError('does not decrypt', { cause });
    }
  }
}

function keyIdOf(key: Uint8Array): Buffer {
  return createHash('sha256').update(key).digest().subarray(0, KEY_ID_BYTES);
}

/** Finds a secret's row without decrypting. API keys are random and long, so the hash gives nothing away. */
export function hashSecret(secret: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(secret).digest());
}
