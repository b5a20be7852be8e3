import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '@grok2api/bus';
import { type Report, reportOutcome } from '@grok2api/contracts';
import type { Logger } from '@grok2api/service-kit';
import { CALL } from './pool-call.js';

const MAX_PENDING = 1_000;
/** In ms, before each further attempt; together longer than a restart of the token pool. */
const RETRY_PAUSES = [500, 2_000, 5_000];

/** Sends reports in the background, each a bounded number of times. */
export class Reporter {
  readonly #pending = new Map<Report, Promise<void>>();
  readonly #closing = new AbortController();

  constructor(
    private readonly bus: Bus,
    private readonly log: Logger,
  ) {}

  /** Resolves when the report was delivered, or logged and dropped. Never rejects. */
  send(report: Report): Promise<void> {
    const same = this.#sameAs(report);
    if (same) return same;
    if (this.#pending.size >= MAX_PENDING) {
      this.log.warn({ credential: report.credential_id }, 'too many reports are waiting, one dropped');
      return Promise.resolve();
    }
    const sending = this.#deliver(report).finally(() => this.#pending.delete(report));
    this.#pending.set(report, sending);
    return sending;
  }

  /** Resolves when each report was delivered or dropped; none is tried again from now on. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#pending.values());
  }

  /** Many calls run into the same limit at once: told once it says the same. Faults count, so that each is told. */
  #sameAs({ credential_id: id, model, outcome, retry_after_ms: wish = 0 }: Report): Promise<void> | undefined {
    if (outcome === 'fault' || outcome === 'ok' || outcome === 'not_counted') return undefined;
    for (const [other, sending] of this.#pending) {
      const isSame = other.credential_id === id && other.model === model && other.outcome === outcome;
      if (isSame && (other.retry_after_ms ?? 0) >= wish) return sending;
    }
    return undefined;
  }

  async #deliver(report: Report): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.bus.call(reportOutcome, report, CALL);
        return;
      } catch (err) {
        const pause = RETRY_PAUSES[attempt];
        if (pause === undefined || this.#closing.signal.aborted) {
          this.log.warn({ err, credential: report.credential_id, outcome: report.outcome }, 'report lost');
          return;
        }
        await sleep(pause, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {
          // Closing: the last attempt is made at once.
        });
      }
    }
  }
}
