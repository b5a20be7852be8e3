import type { Bus } from '@grok2api/bus';
import { type Credential, credentialOf } from '@grok2api/contracts';
import type { Logger } from '@grok2api/service-kit';
import { PoolUnavailableError, UnknownCredentialError } from './errors.js';
import { CALL } from './pool-call.js';

const FRESH_MS = 60_000;
const MAX_ENTRIES = 1_000;

interface Entry {
  credential: Credential;
  readAt: number;
}

/** Credentials by id, kept in memory. While the token pool is away, what is known goes on being used. */
export class CredentialCache {
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry>();

  constructor(
    private readonly bus: Bus,
    private readonly now: () => number,
    private readonly log: Logger,
  ) {}

  /**
   * The credential, at most a minute old while the token pool answers.
   * @throws UnknownCredentialError, or PoolUnavailableError when it was never read
   */
  async get(id: string): Promise<Credential> {
    const known = this.#entries.get(id);
    if (known && this.now() - known.readAt < FRESH_MS) return this.#keep(id, known);
    try {
      const { credential } = await this.bus.call(credentialOf, { credential_id: id }, CALL);
      if (credential) return this.#keep(id, { credential, readAt: this.now() });
    } catch (err) {
      if (!known) throw new PoolUnavailableError(err);
      this.log.warn({ err, credential_id: id }, 'the token pool does not answer, using the credential as it was');
      return this.#keep(id, known);
    }
    this.#entries.delete(id);
    throw new UnknownCredentialError(id);
  }

  #keep(id: string, entry: Entry): Credential {
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined && this.#entries.size > MAX_ENTRIES) this.#entries.delete(oldest);
    return entry.credential;
  }
}
