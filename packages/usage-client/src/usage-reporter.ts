import { setTimeout as sleep } from 'node:timers/promises';
import { type Bus, RemoteError } from '@grok2api/bus';
import { recordUsage, USAGE_BATCH, type UsageRow } from '@grok2api/contracts';
import { type Logger, outOfTrace } from '@grok2api/service-kit';
import { PendingUsage } from './pending-usage.js';

/** What one call, or several of the same kind, used. What is not given is 0, but for `requests`, which is 1. */
export interface UsageEntry {
  credentialId: string;
  /** Of the upstream. */
  model: string;
  /** Of the task or the request. */
  owner: string;
  requests?: number | undefined;
  promptTokens?: number | undefined;
  /** Reasoning included. */
  completionTokens?: number | undefined;
  reasoningTokens?: number | undefined;
  /** The part of the prompt that the upstream had in its cache. */
  cachedTokens?: number | undefined;
  images?: number | undefined;
  videoSeconds?: number | undefined;
  /** As the upstream says it, in its ticks of 10^-10 US dollars. */
  costUsdTicks?: number | undefined;
}

export interface UsageReporterOptions {
  bus: Bus;
  log: Logger;
  /** In ms; it decides the day. */
  now: () => number;
  /** A new UUID. */
  newBatchId: () => string;
}

const FLUSH_MS = 1_000;
const RETRY_MS = 1_000;
/** While the process stops. */
const LAST_RETRY_MS = 200;
/** How long a process that stops goes on trying. */
const CLOSING_PATIENCE_MS = 8_000;
const MAX_PENDING = 50_000;
const CALL = { timeoutMs: 3_000 };

/**
 * Tells the token pool what was used, added up in memory and sent every second. A batch is sent until it was counted, and
 * counts once however often it arrives: after `close` everything is counted, a process that dies loses a few seconds.
 */
export class UsageReporter {
  readonly #options: UsageReporterOptions;
  readonly #pending = new PendingUsage(MAX_PENDING);
  readonly #closing = new AbortController();
  #giveUpAt = Number.POSITIVE_INFINITY;
  #sending: Promise<void> | undefined;
  #lost = 0;

  constructor(options: UsageReporterOptions) {
    this.#options = options;
  }

  /** Counts a call. Never waits, never throws. */
  record({ credentialId, model, owner, requests = 1, ...used }: UsageEntry): void {
    const day = new Date(this.#options.now()).toISOString().slice(0, 'YYYY-MM-DD'.length);
    const kept = this.#pending.add(
      { day, credential_id: credentialId, model, owner },
      {
        requests,
        prompt_tokens: used.promptTokens,
        completion_tokens: used.completionTokens,
        reasoning_tokens: used.reasoningTokens,
        cached_tokens: used.cachedTokens,
        images: used.images,
        video_seconds: used.videoSeconds,
        cost_ticks: used.costUsdTicks,
      },
    );
    if (!kept) this.#lose(1);
    this.#sending ??= outOfTrace(() => this.#sendAll());
  }

  /** Sends what is left, within seconds. Nothing may be recorded from now on. */
  async close(): Promise<void> {
    this.#giveUpAt = this.#options.now() + CLOSING_PATIENCE_MS;
    this.#closing.abort();
    await this.#sending;
  }

  async #sendAll(): Promise<void> {
    while (this.#pending.size > 0) {
      await this.#pause(FLUSH_MS);
      const rows = this.#pending.take(USAGE_BATCH);
      await this.#deliver(this.#options.newBatchId(), rows);
    }
    this.#sending = undefined;
  }

  async #deliver(batchId: string, rows: UsageRow[]): Promise<void> {
    const { bus, log, now } = this.#options;
    for (let failures = 0; ; failures++) {
      try {
        await bus.call(recordUsage, { batch_id: batchId, rows }, CALL);
        return;
      } catch (err) {
        const isRefused = err instanceof RemoteError && err.code === 'malformed_request';
        if (isRefused || now() >= this.#giveUpAt) {
          log.error({ err, rows: rows.length }, 'usage is lost');
          return;
        }
        if (failures === 0) log.warn({ err }, 'usage cannot be told at the moment, trying again');
        if (this.#closing.signal.aborted) await sleep(LAST_RETRY_MS);
        else await this.#pause(RETRY_MS);
      }
    }
  }

  #pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {
      // Closing: at once.
    });
  }

  #lose(entries: number): void {
    this.#lost += entries;
    if (this.#lost === entries) this.#options.log.error('too much usage waits to be told, some is lost');
  }
}
