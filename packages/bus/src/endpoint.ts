import type { NamedEndpointStats } from 'nats';
import type { BusMetrics, ServedOutcome } from './bus-metrics.js';
import { subjectTemplate } from './subject-template.js';

const NANOSECONDS = 1_000_000;
/** Outcomes that are no fault of the one who answers. */
const FINE: readonly ServedOutcome[] = ['ok', 'rejected', 'left'];

/** One subject that this process answers, and how that has gone. */
export class Endpoint {
  readonly #template: string;
  #requests = 0;
  #errors = 0;
  #lastError = '';
  #totalMs = 0;

  constructor(
    readonly subject: string,
    /** Queue group: one of its members gets each request. */
    readonly queue: string,
    private readonly metrics: BusMetrics,
  ) {
    this.#template = subjectTemplate(subject);
  }

  /** Its name in the NATS services protocol, which has no dots. */
  get name(): string {
    return this.subject.replaceAll('.', '-');
  }

  /** Counts a request that has come. Returns what has to be called once when it is answered. */
  begin(): (outcome: ServedOutcome, reason?: string) => void {
    const begun = performance.now();
    const { serving, served } = this.metrics;
    serving.inc({ subject: this.#template });
    return (outcome, reason = outcome) => {
      const ms = performance.now() - begun;
      serving.dec({ subject: this.#template });
      served.observe({ subject: this.#template, outcome }, ms / 1_000);
      this.#requests++;
      this.#totalMs += ms;
      if (FINE.includes(outcome)) return;
      this.#errors++;
      this.#lastError = reason;
    };
  }

  /** As the NATS services protocol tells them: times in nanoseconds. */
  stats(): NamedEndpointStats {
    const average = this.#requests === 0 ? 0 : this.#totalMs / this.#requests;
    return {
      name: this.name,
      subject: this.subject,
      queue_group: this.queue,
      num_requests: this.#requests,
      num_errors: this.#errors,
      ...(this.#lastError === '' ? {} : { last_error: this.#lastError }),
      processing_time: Math.round(this.#totalMs * NANOSECONDS),
      average_processing_time: Math.round(average * NANOSECONDS),
    };
  }
}
