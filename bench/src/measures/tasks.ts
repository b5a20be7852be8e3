import { latency } from '../load/latency.js';
import { throughput } from '../load/throughput.js';
import { type Row, shown } from '../report/row.js';
import { median, percentile } from '../report/statistics.js';
import type { Measure } from './measure.js';
import { growTo, rowId } from './rows.js';
import { type Ours, withOurs } from './with-ours.js';

const SOON = { mock: { MOCK_VIDEO_MS: '100' } };
/** The files of the copied rows stay the one of the row that they were copied from. */
const ONE_ROW_OF = 100_000;
/** Of them, those that are read in turn. */
const READ_ROWS = 1_000;
const FEW = 1_000;
const MANY = 1_000_000;
const LIMIT = 50;
const LIST_COUNT = 200;

/** How many reads of single tasks there are among 100,000. */
export const measureReads: Measure = (effort, log) =>
  withOurs(SOON, async (ours) => {
    await growTo(ours, ONE_ROW_OF);
    const results = [];
    for (let round = 0; round <= effort.rounds; round++) {
      const result = await throughput({
        url: ours.system.baseUrl,
        method: 'GET',
        paths: Array.from(
          { length: READ_ROWS },
          (_, n) => `/v1/video/tasks/${rowId(1 + n * (ONE_ROW_OF / READ_ROWS))}`,
        ),
        headers: ours.headers,
        connections: 50,
        seconds: effort.seconds,
      });
      log(`  round ${round} read ${JSON.stringify(result)}`);
      // The first one warms up.
      if (round > 0) results.push(result);
    }
    const perSecond = median(results.map((each) => each.perSecond));
    const p99 = median(results.map((each) => each.p99Ms));
    const errors = results.reduce((sum, each) => sum + each.errors, 0);
    const row: Row = {
      measure: 'GET /v1/video/tasks/{id} at 100,000 rows, 50 connections',
      goal: '≥ 2,500/s, p99 ≤ 60 ms',
      result: `${shown(perSecond)}/s, p99 ${shown(p99)} ms, ${errors} errors`,
      reached: perSecond >= 2_500 && p99 <= 60 && errors === 0,
      raw: results,
    };
    return [row];
  });

/** Whether lists take the same time however many rows there are and however deep the page is. */
export const measureLists: Measure = (_effort, log) =>
  withOurs(SOON, async (ours) => {
    await growTo(ours, FEW);
    const few = await listTimes(ours, undefined);
    await growTo(ours, MANY);
    const many = await listTimes(ours, undefined);
    const deep = await listTimes(ours, await deepCursor(ours, MANY / LIMIT / 2));
    const p50 = { few: percentile(few, 0.5), many: percentile(many, 0.5), deep: percentile(deep, 0.5) };
    log(`  lists ${JSON.stringify(p50)}`);
    const row: Row = {
      measure: 'list (limit 50) at 1,000,000 rows, first page and a deep one',
      goal: 'p50 ≤ 2 × that at 1,000 rows',
      result: `${shown(p50.many / p50.few)} ×, deep ${shown(p50.deep / p50.few)} × (${shown(p50.few)}, ${shown(p50.many)}, ${shown(p50.deep)} ms)`,
      reached: p50.many <= 2 * p50.few && p50.deep <= 2 * p50.few,
      raw: { few, many, deep },
    };
    return [row];
  });

async function listTimes({ system, headers }: Ours, cursor: string | undefined): Promise<number[]> {
  const url = `${system.baseUrl}/v1/video/tasks?limit=${LIMIT}${cursor === undefined ? '' : `&cursor=${cursor}`}`;
  const { times } = await latency({ url, method: 'GET', headers, count: LIST_COUNT });
  // The first ones open connections and prepare statements.
  return times.slice(LIST_COUNT / 10);
}

/** The cursor of a page far down, reached by pages of a thousand. */
async function deepCursor({ system, headers }: Ours, pages: number): Promise<string> {
  let cursor = '';
  for (let page = 0; page < (pages * LIMIT) / 1000; page++) {
    const url = `${system.baseUrl}/v1/video/tasks?limit=1000${cursor && `&cursor=${cursor}`}`;
    const body = (await (await fetch(url, { headers })).json()) as { next_cursor: string };
    cursor = body.next_cursor;
  }
  return cursor;
}
