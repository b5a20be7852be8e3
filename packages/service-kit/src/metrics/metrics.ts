import type { MetricSample } from '@grok2api/contracts';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type { Counter, Gauge, Histogram };

/** Upper bounds in seconds: from a look at memory to a video. */
const SECONDS = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];

/** One value of a metric with its labels. */
export interface Sample<Label extends string = string> {
  labels: Partial<Record<Label, string>>;
  value: number;
}

/** What a gauge that is read on demand shows. */
export type Reading<Label extends string> = () => readonly Sample<Label>[] | Promise<readonly Sample<Label>[]>;

/** A gauge of which somebody else knows the values. It shows nothing until it is told whom to ask. */
export interface ReadGauge<Label extends string> {
  readFrom(reading: Reading<Label>): void;
}

/**
 * The metrics of one process, apart from those of others in the same one. Labels are of a small fixed set of values
 * each: never ids, names of owners or keys.
 */
export class Metrics {
  readonly registry = new Registry();

  constructor(readonly service: string) {
    this.registry.setDefaultLabels({ service });
  }

  /** A count that only rises; its name ends in `_total`. */
  counter<Label extends string = never>(name: string, help: string, labelNames: readonly Label[] = []): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  /** A value that rises and falls. */
  gauge<Label extends string = never>(name: string, help: string, labelNames: readonly Label[] = []): Gauge<Label> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  /** A gauge that is read whenever somebody looks at the metrics. */
  readGauge<Label extends string = never>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ): ReadGauge<Label> {
    let read: Reading<Label> | undefined;
    new Gauge<Label>({
      name,
      help,
      labelNames,
      registers: [this.registry],
      async collect() {
        const samples = (await read?.()) ?? [];
        this.reset();
        // What has no labels is 0 after a reset, known or not.
        if (samples.length === 0 && labelNames.length === 0) this.remove();
        for (const { labels, value } of samples) this.set(labels as Record<Label, string>, value);
      },
    });
    return {
      readFrom: (reading) => {
        read = reading;
      },
    };
  }

  /** Lengths of time, in seconds: how many, how long together, and how many below each bound. */
  seconds<Label extends string = never>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ): Histogram<Label> {
    return new Histogram({ name, help, labelNames, buckets: SECONDS, registers: [this.registry] });
  }

  /** All of them in Prometheus' text format. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  /** All of them as plain values. Histograms are given as `_sum` and `_count`; what is no finite number is left out. */
  async samples(): Promise<MetricSample[]> {
    const found: MetricSample[] = [];
    for (const metric of await this.registry.getMetricsAsJSON()) {
      for (const { value, labels, ...rest } of metric.values) {
        const name = 'metricName' in rest && typeof rest.metricName === 'string' ? rest.metricName : metric.name;
        if (!Number.isFinite(value) || name.endsWith('_bucket')) continue;
        const own = Object.entries(labels).filter(([label]) => label !== 'service');
        found.push({ name, labels: Object.fromEntries(own.map(([label, of]) => [label, String(of)])), value });
      }
    }
    return found;
  }

  /** The content type of `text`. */
  get contentType(): string {
    return this.registry.contentType;
  }
}

/** The metrics of a process, with those of Node and the operating system. */
export function createMetrics(service: string): Metrics {
  const metrics = new Metrics(service);
  collectDefaultMetrics({ register: metrics.registry });
  return metrics;
}
