import { CLIENT_KEY } from '../contestants/contestants.js';
import { type Row, shown } from '../report/row.js';
import type { Measure } from './measure.js';
import { withOurs } from './with-ours.js';

const SLOTS = 4;
const VIDEO_MS = 4_000;
/** Of each slot. */
const TURNS = 4;
const WORKERS = 8;

/** Whether eight workers do eight times as much as one, while the upstream takes the time. */
export const measureWorkers: Measure = async (_effort, log) => {
  const perSecond = async (videoWorkers: number) =>
    withOurs(
      { videoWorkers, env: { VIDEO_WORKER_SLOTS: String(SLOTS) }, mock: { MOCK_VIDEO_MS: String(VIDEO_MS) } },
      async ({ system }) => {
        const tasks = system.tasks(CLIENT_KEY);
        const count = videoWorkers * SLOTS * TURNS;
        const begun = performance.now();
        const make = async (n: number) => {
          const id = await tasks.create(`fox ${n}`, { aspect_ratio: '16:9', video_length: 6 });
          await tasks.until(id, ({ status }) => status === 'completed', 120_000);
        };
        await Promise.all(Array.from({ length: count }, (_, n) => make(n)));
        const rate = (1000 * count) / (performance.now() - begun);
        log(`  ${videoWorkers} workers ${shown(rate)} videos/s`);
        return rate;
      },
    );
  const one = await perSecond(1);
  const eight = await perSecond(WORKERS);
  const row: Row = {
    measure: 'video workers 1 → 8, upstream-bound',
    goal: 'throughput × 7.5',
    result: `× ${shown(eight / one)} (${shown(one)} → ${shown(eight)} videos/s)`,
    reached: eight / one >= 7.5,
    raw: { one, eight, slots: SLOTS, videoMs: VIDEO_MS },
  };
  return [row];
};
