import { setTimeout as sleep } from 'node:timers/promises';
import { residentMb } from '@grok2api/testkit';
import { connect } from 'nats';
import { startChild } from '../contestants/child.js';
import { CLIENT_KEY } from '../contestants/contestants.js';
import { Readers } from '../load/readers.js';
import { type Row, shown } from '../report/row.js';
import { median } from '../report/statistics.js';
import type { Measure } from './measure.js';
import { withOurs } from './with-ours.js';

const READERS = 5_000;
/** The first ones bring in code and caches that are there once. */
const WARM_UP = 50;
/** Events that are timed. */
const STEPS = 5;
/** How long the garbage of opening them is given to go. */
const SETTLE_MS = 10_000;
/** One percent of it is the time between two events. */
const VIDEO_MS = 600_000;
const STEP_MS = VIDEO_MS / 100;
const HEARD_WITHIN_MS = 20_000;
const SETTINGS = {
  env: { MAX_CONNECTIONS: String(2 * READERS) },
  mock: { MOCK_VIDEO_MS: String(VIDEO_MS) },
};

/** What thousands of idle readers of one task cost a gateway, and how soon all of them hear of a step. */
export const measureReaders: Measure = async (_effort, log) => {
  const bare = await bareSpans();
  const { before, after, spans } = await withOurs(SETTINGS, async ({ system, headers, nats }) => {
    const tasks = system.tasks(CLIENT_KEY);
    const id = await tasks.create('a fox', { aspect_ratio: '16:9', video_length: 6 });
    await tasks.until(id, ({ status }) => status === 'running');
    const pid = system.pid('api-gateway');
    const readers = new Readers(`${system.baseUrl}/v1/video/tasks/${id}/stream`, headers);
    await readers.open(WARM_UP);
    await sleep(SETTLE_MS / 2);
    const before = residentMb(pid);
    await readers.open(READERS);
    await sleep(SETTLE_MS);
    const after = residentMb(pid);
    const { host, username, password } = new URL(nats.url);
    const bus = await connect({ servers: host, user: username, pass: password });
    const spans: number[] = [];
    for await (const _ of bus.subscribe(`grok.progress.${id}`, { max: STEPS })) {
      const published = performance.now();
      spans.push((await readers.heard(HEARD_WITHIN_MS)) - published);
    }
    await bus.close();
    readers.close();
    return { before, after, spans };
  });
  const eachKb = ((after - before) * 1024) / (READERS - WARM_UP);
  log(`  readers ${JSON.stringify({ before, after, spans, bare })}`);
  const row: Row = {
    measure: '5,000 idle SSE readers on one gateway',
    goal: '≤ 40 KB each; one event reaches all in ≤ 100 ms',
    result: `${shown(eachKb)} KB each; all heard within ${shown(median(spans))} ms; from a bare server within ${shown(median(bare))} ms`,
    reached: eachKb <= 40 && median(spans) <= 100,
    raw: { before, after, spans, bare },
  };
  return [row];
};

/** How soon as many readers of a bare server hear: what the machine and Node take of it. */
async function bareSpans(): Promise<number[]> {
  const server = await startChild('sse-main.js', {});
  const readers = new Readers(server.address, {});
  try {
    await readers.open(READERS);
    const spans: number[] = [];
    for (let step = 0; step < STEPS; step++) {
      await sleep(STEP_MS);
      const asked = performance.now();
      const [heardAt] = await Promise.all([
        readers.heard(HEARD_WITHIN_MS),
        fetch(server.address, { method: 'POST' }).then((answer) => answer.text()),
      ]);
      spans.push(heardAt - asked);
    }
    return spans;
  } finally {
    readers.close();
    await server.stop();
  }
}
