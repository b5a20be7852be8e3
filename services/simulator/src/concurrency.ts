import type { Generation } from './wire/route.js';

/** Calls in flight at one time: these, and the most there ever were. */
export interface Level {
  now: number;
  highest: number;
}

/** The calls of one key. `all` counts every kind together. */
export type KeyConcurrency = { key_hash: string } & Record<Generation | 'all', Level>;

/** Counts, for each key, the calls that make something, from their arrival to the end of their answer. */
export class Concurrency {
  readonly #byKey = new Map<string, KeyConcurrency>();

  /**
   * Counts a call.
   * @param keyHash short hash of its key
   * @returns ends the call; to be called once
   */
  enter(keyHash: string, generation: Generation): () => void {
    const levels = this.#byKey.get(keyHash) ?? noCalls(keyHash);
    this.#byKey.set(keyHash, levels);
    const changed = [levels[generation], levels.all];
    for (const level of changed) {
      level.now += 1;
      level.highest = Math.max(level.highest, level.now);
    }
    return () => {
      for (const level of changed) level.now -= 1;
    };
  }

  /** Every key that ever called, in the order of its first call. */
  list(): KeyConcurrency[] {
    return [...this.#byKey.values()];
  }

  /** Starts the highest counts again from what is in flight. */
  reset(): void {
    for (const [keyHash, { chat, image, video_create, all }] of this.#byKey) {
      if (all.now === 0) this.#byKey.delete(keyHash);
      for (const level of [chat, image, video_create, all]) level.highest = level.now;
    }
  }
}

function noCalls(keyHash: string): KeyConcurrency {
  const none = (): Level => ({ now: 0, highest: 0 });
  return { key_hash: keyHash, chat: none(), image: none(), video_create: none(), all: none() };
}
