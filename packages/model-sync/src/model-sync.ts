import type { Bus } from '@grok2api/bus';
import { listModels, type ModelCatalogue, modelsChanged } from '@grok2api/contracts';
import type { Logger } from '@grok2api/service-kit';

export interface ModelSyncOptions {
  bus: Bus;
  catalogue: ModelCatalogue;
  log: Logger;
}

const INTERVAL_MS = 30_000;
/** Doubles with each failure in a row: a system's processes start together, and come back together. */
const FIRST_RETRY_MS = 500;
const TIMEOUT_MS = 2_000;

/**
 * Keeps a catalogue as the token pool has it: asks at the start, whenever that has changed, every 30 s and after each
 * reconnect to NATS. While the token pool is away the catalogue stays as it is.
 */
export class ModelSync {
  readonly #options: ModelSyncOptions;
  #timer: NodeJS.Timeout | undefined;
  #stopListening = () => {};
  #stopped = false;
  #asking = false;
  /** Something changed while it was asking: the answer may be from before. */
  #isStale = false;
  /** Failures in a row. */
  #failures = 0;

  constructor(options: ModelSyncOptions) {
    this.#options = options;
  }

  /** Begins to ask. Once only. */
  start(): void {
    const { bus } = this.#options;
    const changes = bus.on(modelsChanged, () => void this.#ask());
    const forgetReconnect = bus.onReconnect(() => void this.#ask());
    this.#stopListening = () => {
      changes.unsubscribe();
      forgetReconnect();
    };
    void this.#ask();
  }

  /** Leaves the catalogue as it is from now on. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#stopListening();
  }

  async #ask(): Promise<void> {
    this.#isStale = true;
    if (this.#asking) return;
    this.#asking = true;
    this.#isStale = false;
    clearTimeout(this.#timer);
    const { bus, catalogue, log } = this.#options;
    try {
      const { models } = await bus.call(listModels, {}, { timeoutMs: TIMEOUT_MS });
      if (!this.#stopped) catalogue.replace(models);
      this.#failures = 0;
    } catch (err) {
      if (this.#failures++ === 0) log.warn({ err }, 'the token pool does not list the models, they stay as they were');
    }
    this.#asking = false;
    if (this.#stopped) return;
    const retryMs = FIRST_RETRY_MS * 2 ** (this.#failures - 1);
    if (this.#isStale && this.#failures === 0) return this.#ask();
    const pauseMs = this.#failures === 0 ? INTERVAL_MS : Math.min(INTERVAL_MS, retryMs);
    this.#timer = setTimeout(() => void this.#ask(), pauseMs).unref();
  }
}
