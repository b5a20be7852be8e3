import { performance } from 'node:perf_hooks';
import { Agent, request } from 'undici';
import { percentile } from '../report/statistics.js';

/** Times of single requests on one connection, in milliseconds. */
export interface Latency {
  firstByte: { p50: number; p99: number };
  whole: { p50: number; p99: number };
  /** Of each request, to its last byte. */
  times: number[];
}

/** Asks one after the other on one connection. @throws Error for an answer that is no success */
export async function latency(load: {
  url: string;
  method?: 'GET' | 'POST';
  headers: Record<string, string>;
  body?: string;
  count: number;
}): Promise<Latency> {
  const { url, method = 'POST', headers, body = null } = load;
  const dispatcher = new Agent({ connections: 1, pipelining: 1 });
  const first: number[] = [];
  const times: number[] = [];
  try {
    for (let n = 0; n < load.count; n++) {
      const begun = performance.now();
      const answer = await request(url, { dispatcher, method, headers, body });
      let seen: number | undefined;
      for await (const _ of answer.body) seen ??= performance.now();
      if (answer.statusCode !== 200) throw new Error(`${url} answered ${answer.statusCode}`);
      const ended = performance.now();
      first.push((seen ?? ended) - begun);
      times.push(ended - begun);
    }
  } finally {
    await dispatcher.close();
  }
  const both = (values: number[]) => ({ p50: percentile(values, 0.5), p99: percentile(values, 0.99) });
  return { firstByte: both(first), whole: both(times), times };
}
