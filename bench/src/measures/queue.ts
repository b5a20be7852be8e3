import { CLIENT_KEY } from '../contestants/contestants.js';
import { type Row, shown } from '../report/row.js';
import { percentile } from '../report/statistics.js';
import type { Measure } from './measure.js';
import { withOurs } from './with-ours.js';

const TASKS = 100;

/** How soon an idle worker begins with a task, by the times in its row. */
export const measureQueue: Measure = (_effort, log) =>
  withOurs({ env: { VIDEO_WORKER_SLOTS: String(2 * TASKS) } }, async ({ system, database }) => {
    const tasks = system.tasks(CLIENT_KEY);
    for (let n = 0; n < TASKS; n++) {
      const id = await tasks.create(`fox ${n}`, { aspect_ratio: '16:9', video_length: 6 });
      await tasks.until(id, ({ status }) => status === 'running');
    }
    const { rows } = await database.query<{ ms: string }>(
      'SELECT 1000 * extract(epoch FROM started_at - created_at) AS ms FROM tasks ORDER BY seq',
    );
    const waits = rows.map(({ ms }) => Number(ms));
    const p50 = percentile(waits, 0.5);
    log(`  waits ${JSON.stringify(waits)}`);
    const row: Row = {
      measure: 'queue to running, idle worker',
      goal: 'p50 ≤ 20 ms',
      result: `p50 ${shown(p50)} ms, p99 ${shown(percentile(waits, 0.99))} ms`,
      reached: p50 <= 20,
      raw: waits,
    };
    return [row];
  });
