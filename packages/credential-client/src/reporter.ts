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
  readonly #pending = new Set<Promise<void>>();
  readonly #closing = new AbortController();

  constructor(
    private readonly bus: Bus,
    private readonly log: Logger,
  ) {}

  /** Resolves when the report was delivered, or logged and dropped. Never rejects. */
  send(report: Report): Promise<void> {
    if (this.#pending.size >= MAX_PENDING) {
      this.log.warn({ credential: report.credential_id }, 'too many reports are waiting, one dropped');
      return Promise.resolve();
    }
    const sending = this.#deliver(report).finally(() => this.#pending.delete(sending));
    this.#pending.add(sending);
    return sending;
  }

  /** Resolves when each report was delivered or dropped; none is tried again from now on. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#pending);
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
