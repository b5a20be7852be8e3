import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { z } from 'zod';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const IDLE_MS = 3_600_000;
const LONGEST_MS = 12 * IDLE_MS;

const hash = z.base64().transform((text) => Buffer.from(text, 'base64'));
const sealedSchema = z.object({
  client: hash.optional(),
  admin: hash.optional(),
  /** In milliseconds since 1970. */
  begun: z.number(),
  expires: z.number(),
});

/** Which keys a browser was signed in with, by their hashes. What those keys may do is judged with each request. */
export interface ConsoleSession {
  client?: Buffer | undefined;
  admin?: Buffer | undefined;
  begun: number;
  expires: number;
}

/**
 * Writes sessions of the console into cookies that only gateways with the same secret can read or make: nothing is kept
 * here, so that any gateway knows a session.
 */
export class ConsoleSessions {
  readonly #key: Buffer;
  readonly #now: () => number;

  /** @param secret the same for all gateways of an installation; without one sessions are good at this one only */
  constructor(secret: string | undefined, now: () => number) {
    const material = secret ?? randomBytes(KEY_BYTES);
    this.#key = Buffer.from(hkdfSync('sha256', material, '', 'grok2api console session', KEY_BYTES));
    this.#now = now;
  }

  /** The same session, as one that is used at this moment; of one that is new, its beginning. */
  renewed(session: Partial<ConsoleSession>): ConsoleSession {
    const { client, admin, begun = this.#now() } = session;
    return { client, admin, begun, expires: Math.min(this.#now() + IDLE_MS, begun + LONGEST_MS) };
  }

  /** A session as the value of a cookie. */
  seal({ client, admin, begun, expires }: ConsoleSession): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce);
    const texts = { client: client?.toString('base64'), admin: admin?.toString('base64'), begun, expires };
    const sealed = Buffer.concat([cipher.update(JSON.stringify(texts)), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  /** The session in a cookie; undefined when its time is over, or it was not sealed with this secret. */
  open(value: string): ConsoleSession | undefined {
    const bytes = Buffer.from(value, 'base64url');
    if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined;
    const decipher = createDecipheriv(CIPHER, this.#key, bytes.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const opened = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
    try {
      const session = sealedSchema.parse(JSON.parse(Buffer.concat([opened, decipher.final()]).toString()));
      return session.expires > this.#now() ? session : undefined;
    } catch {
      // Not from here: the browser is not signed in.
      return undefined;
    }
  }
}
