import type { Bus } from '@grok2api/bus';
import { isClientKeyId, webhookSecretsOf } from '@grok2api/contracts';
import type { SigningSecrets } from './signature.js';

const TIMEOUT_MS = 3_000;
/** How long an answer counts when nobody tells of a change. The secret before goes on beside a new one for longer. */
const KEPT_MS = 30_000;
const MOST_KEPT = 10_000;

export interface KeySecretsOptions {
  bus: Bus;
  /** For owners that are no client key, or have no secret of their own. */
  fallback: SigningSecrets;
  /** Milliseconds. */
  now: () => number;
}

/** Finds out what an owner's callbacks are signed with. The token pool has the client keys' own secrets. */
export class KeySecrets {
  readonly #options: KeySecretsOptions;
  readonly #answers = new Map<string, { at: number; secrets: Promise<SigningSecrets> }>();

  constructor(options: KeySecretsOptions) {
    this.#options = options;
  }

  /** @throws NoResponderError, BusTimeoutError, RemoteError when the token pool does not tell */
  async of(owner: string): Promise<SigningSecrets> {
    const { fallback, now } = this.#options;
    if (!isClientKeyId(owner)) return fallback;
    const known = this.#answers.get(owner);
    if (known && now() - known.at < KEPT_MS) return known.secrets;
    const secrets = this.#ask(owner);
    if (this.#answers.size >= MOST_KEPT) this.#answers.clear();
    this.#answers.set(owner, { at: now(), secrets });
    return secrets.catch((err: unknown) => {
      this.#answers.delete(owner);
      throw err;
    });
  }

  /** Asks anew from now on: a client key has changed. */
  forget(): void {
    this.#answers.clear();
  }

  async #ask(owner: string): Promise<SigningSecrets> {
    const { bus, fallback } = this.#options;
    const { current, previous } = await bus.call(webhookSecretsOf, { key_id: owner }, { timeoutMs: TIMEOUT_MS });
    return current === null ? fallback : { current, previous: previous ?? undefined };
  }
}
