import { createHash } from 'node:crypto';

interface Entry {
  credentialId: string;
  rememberedAt: number;
}

const FRESH_MS = 60_000;
const MAX_ENTRIES = 10_000;

/** Which credential the calls with a sticky key went to last, so that it need not be asked for each time. */
export class StickyMemory {
  /** The least recently remembered first. */
  readonly #entries = new Map<string, Entry>();

  /** @param now in ms */
  constructor(private readonly now: () => number) {}

  /** The credential of a key, for a minute. */
  recall(key: string): string | undefined {
    const entry = this.#entries.get(key);
    return entry && this.now() - entry.rememberedAt < FRESH_MS ? entry.credentialId : undefined;
  }

  remember(key: string | undefined, credentialId: string): void {
    if (key === undefined) return;
    this.#entries.delete(key);
    this.#entries.set(key, { credentialId, rememberedAt: this.now() });
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined && this.#entries.size > MAX_ENTRIES) this.#entries.delete(oldest);
  }
}

/** A sticky key as it leaves the process: short, and without what clients put into it. */
export function hashStickyKey(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, HASH_LENGTH);
}

const HASH_LENGTH = 22;
