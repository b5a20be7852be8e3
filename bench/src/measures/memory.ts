import { setInterval } from 'node:timers/promises';
import { residentMb } from '@grok2api/testkit';
import { throughput } from '../load/throughput.js';
import { type Row, shown } from '../report/row.js';
import { slope } from '../report/statistics.js';
import { CREATE_BODY } from './creates.js';
import type { Measure } from './measure.js';
import { withOurs } from './with-ours.js';

const SECONDS = Number(process.env.BENCH_MEMORY_SECONDS || 600);
const SAMPLE_MS = 5_000;
const LIMITS_MB = { 'api-gateway': 250, chat: 200 } as const;
/** What a process may grow in ten minutes and still count as flat. */
const FLAT_MB = 20;
const CHAT = JSON.stringify({ model: 'grok-4.3', messages: [{ role: 'user', content: 'foxes' }], stream: true });

/** What the processes keep after minutes of mixed load, and whether it still grows. */
export const measureMemory: Measure = (_effort, log) =>
  withOurs({}, async ({ system, headers }) => {
    const samples: { at: number; 'api-gateway': number; chat: number }[] = [];
    const stop = new AbortController();
    const watch = (async () => {
      for await (const _ of setInterval(SAMPLE_MS, undefined, { signal: stop.signal })) {
        const sample = {
          at: performance.now() / 1000,
          'api-gateway': residentMb(system.pid('api-gateway')),
          chat: residentMb(system.pid('chat')),
        };
        samples.push(sample);
      }
    })().catch((err: unknown) => {
      if (!stop.signal.aborted) throw err;
    });
    const load = (path: string, body: string, connections: number) =>
      throughput({ url: system.baseUrl + path, headers, body, connections, seconds: SECONDS });
    const results = await Promise.all([
      load('/v1/chat/completions', CHAT, 20),
      load('/v1/video/generations/async', CREATE_BODY, 1),
    ]);
    stop.abort();
    await watch;
    log(`  memory ${JSON.stringify({ results, samples })}`);
    // The first half fills what is meant to be filled: pools, caches, the young generation.
    const late = samples.slice(samples.length / 2);
    const figures = Object.entries(LIMITS_MB).map(([name, limit]) => {
      const key = name as keyof typeof LIMITS_MB;
      const growth = 600 * slope(late.map((each) => [each.at, each[key]]));
      return { name, limit, last: late.at(-1)?.[key] ?? Number.NaN, growth };
    });
    const row: Row = {
      measure: `memory after ${SECONDS} s of mixed load`,
      goal: 'gateway ≤ 250 MB, chat ≤ 200 MB, slope flat over 10 minutes',
      result: figures
        .map(({ name, last, growth }) => `${name} ${last} MB, ${shown(growth)} MB in 10 minutes`)
        .join('; '),
      reached: figures.every(({ last, limit, growth }) => last <= limit && growth <= FLAT_MB),
      raw: { results, samples },
    };
    return [row];
  });
