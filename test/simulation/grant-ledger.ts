/** The right of one process to begin a create. */
export interface Grant {
  holder: string;
  credentialId: string;
  models: readonly string[];
  /** By the virtual clock, in milliseconds. */
  expiresAt: number;
}

export const GRANT_TTL_MS = 15_000;
const CREDENTIALS = ['credential-0', 'credential-1'];
const SLOTS_OF_EACH = 2;

/** Stands for the token pool: grants that are released or expire, at most two of each credential at a time. */
export class GrantLedger {
  readonly #grants = new Set<Grant>();

  /** @returns undefined while every credential is busy */
  acquire(holder: string, models: readonly string[], now: number): Grant | undefined {
    const free = CREDENTIALS.find(
      (id) => this.at(now).filter((grant) => grant.credentialId === id).length < SLOTS_OF_EACH,
    );
    if (free === undefined) return undefined;
    const grant = { holder, credentialId: free, models, expiresAt: now + GRANT_TTL_MS };
    this.#grants.add(grant);
    return grant;
  }

  /** What a process does in the background, from `since` on, for every grant that it had then. */
  renewAllOf(holder: string, since: number, now: number): void {
    for (const grant of this.at(since)) if (grant.holder === holder) grant.expiresAt = now + GRANT_TTL_MS;
  }

  release(grant: Grant): void {
    this.#grants.delete(grant);
  }

  /** The grants that count at this time. */
  at(now: number): Grant[] {
    return [...this.#grants].filter(({ expiresAt }) => expiresAt > now);
  }
}
