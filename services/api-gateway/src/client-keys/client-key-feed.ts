import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '@grok2api/bus';
import { clientKeysChanged, listClientKeys } from '@grok2api/contracts';
import type { Logger } from '@grok2api/service-kit';
import type { ClientKeys } from './client-keys.js';

const PAGE = 500;
const CALL = { timeoutMs: 2_000 };
/** A change whose event got lost is known after this time. */
const REREAD_MS = 3_000;
/** While nobody has told yet which keys there are. */
const RETRY_MS = 250;

/**
 * Keeps the client keys as the token pool has them: read at the start, after each event of a change, after a reconnect
 * and every few seconds. A read asks only for what has changed since the last one.
 */
export class ClientKeyFeed {
  readonly #stopping = new AbortController();
  readonly #unsubscribe: (() => void)[] = [];
  /** The last change that `keys` has. */
  #known = 0;
  #reading: Promise<void> | undefined;
  /** A further read, for those who came while one was under way. */
  #next: Promise<void> | undefined;
  #failing = false;

  constructor(
    private readonly bus: Bus,
    private readonly keys: ClientKeys,
    private readonly log: Logger,
  ) {}

  /** Begins to read, in the background. */
  start(): void {
    const read = () => void this.refresh();
    const subscription = this.bus.on(clientKeysChanged, read);
    this.#unsubscribe.push(() => subscription.unsubscribe(), this.bus.onReconnect(read));
    void this.#readAgainAndAgain();
  }

  /**
   * Reads what has changed. Resolves when everything that was committed before the call is known, or the token pool
   * did not answer; never rejects.
   */
  refresh(): Promise<void> {
    if (!this.#reading) {
      this.#reading = this.#read().finally(() => {
        this.#reading = undefined;
      });
      return this.#reading;
    }
    // The read under way may have been answered before the change.
    this.#next ??= this.#reading.then(() => {
      this.#next = undefined;
      return this.refresh();
    });
    return this.#next;
  }

  /** Reads no more. */
  stop(): void {
    this.#stopping.abort();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  async #readAgainAndAgain(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.refresh();
      await sleep(this.keys.complete ? REREAD_MS : RETRY_MS, undefined, { signal: this.#stopping.signal }).catch(() => {
        // Stopping.
      });
    }
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const page = await this.bus.call(listClientKeys, { after: this.#known, limit: PAGE }, CALL);
        if (page.latest < this.#known) {
          // The token pool has another database than before, a restored one perhaps.
          this.log.warn('the client keys have gone back in time, reading them all');
          this.#known = 0;
          this.keys.forgetMade();
          continue;
        }
        this.keys.update(page.keys);
        this.#known = page.up_to;
        if (page.up_to >= page.latest) break;
      }
      this.keys.markComplete();
      if (this.#failing) this.log.info('the client keys are up to date again');
      this.#failing = false;
    } catch (err) {
      if (!this.#failing) this.log.warn({ err }, 'the client keys cannot be read, trying again');
      this.#failing = true;
    }
  }
}
