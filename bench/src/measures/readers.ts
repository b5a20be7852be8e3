import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { residentMb } from '@grok2api/testkit';
import { connect } from 'nats';
import { CLIENT_KEY } from '../contestants/contestants.js';
import { type Row, shown } from '../report/row.js';
import { median } from '../report/statistics.js';
import type { Measure } from './measure.js';
import { withOurs } from './with-ours.js';

const READERS = 5_000;
const OPENING = 50;
/** Events that are timed. */
const STEPS = 5;
/** How long the garbage of opening them is given to go. */
const SETTLE_MS = 10_000;
/** One percent of it is the time between two events. */
const VIDEO_MS = 600_000;
const EVENT_WITHIN_MS = 20_000;
const SETTINGS = {
  env: { MAX_CONNECTIONS: String(2 * READERS) },
  mock: { MOCK_VIDEO_MS: String(VIDEO_MS) },
};
const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });

/** What thousands of idle readers of one task cost a gateway, and how soon all of them hear of a step. */
export const measureReaders: Measure = (_effort, log) =>
  withOurs(SETTINGS, async ({ system, headers, nats }) => {
    const tasks = system.tasks(CLIENT_KEY);
    const id = await tasks.create('a fox', { aspect_ratio: '16:9', video_length: 6 });
    await tasks.until(id, ({ status }) => status === 'running');
    const pid = system.pid('api-gateway');
    let heard: number[] = [];
    const open = async () => {
      const request = get(`${system.baseUrl}/v1/video/tasks/${id}/stream`, { agent, headers });
      const [answer] = (await once(request, 'response')) as [IncomingMessage];
      answer.setEncoding('utf8').on('data', (text: string) => {
        if (text.includes('"type":"progress"')) heard.push(performance.now());
      });
      if (answer.statusCode !== 200) throw new Error(`a stream answered ${answer.statusCode}`);
    };
    // The first ones bring in code and caches that are there once.
    await Promise.all(Array.from({ length: OPENING }, open));
    await sleep(SETTLE_MS / 2);
    const before = residentMb(pid);
    for (let opened = OPENING; opened < READERS; opened += OPENING)
      await Promise.all(Array.from({ length: OPENING }, open));
    await sleep(SETTLE_MS);
    const after = residentMb(pid);
    const { host, username, password } = new URL(nats.url);
    const bus = await connect({ servers: host, user: username, pass: password });
    const spans: number[] = [];
    for await (const _ of bus.subscribe(`grok.progress.${id}`, { max: STEPS })) {
      const published = performance.now();
      heard = [];
      while (heard.length < READERS && performance.now() - published < EVENT_WITHIN_MS) await sleep(5);
      spans.push(Math.max(...heard) - published);
    }
    await bus.close();
    const lastMs = median(spans);
    const eachKb = ((after - before) * 1024) / (READERS - OPENING);
    log(`  readers ${JSON.stringify({ before, after, heard: heard.length, spans })}`);
    const row: Row = {
      measure: '5,000 idle SSE readers on one gateway',
      goal: '≤ 40 KB each; one event reaches all in ≤ 100 ms',
      result: `${shown(eachKb)} KB each; ${heard.length} heard within ${shown(lastMs)} ms`,
      reached: eachKb <= 40 && heard.length === READERS && lastMs <= 100,
      raw: { before, after, heard: heard.length, spans },
    };
    return [row];
  });
