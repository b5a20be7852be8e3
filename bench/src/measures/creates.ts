import { type Throughput, throughput } from '../load/throughput.js';
import { type Row, shown } from '../report/row.js';
import { median } from '../report/statistics.js';
import type { Measure } from './measure.js';
import { withOurs } from './with-ours.js';

const CONNECTIONS = 50;
export const CREATE_BODY = JSON.stringify({
  model: 'grok-imagine-1.0-video',
  prompt: 'a fox',
  aspect_ratio: '16:9',
  video_length: 6,
});

/** How many videos are accepted. */
export const measureCreates: Measure = (effort, log) =>
  withOurs({}, async ({ system, headers }) => {
    const url = `${system.baseUrl}/v1/video/generations/async`;
    const results: Throughput[] = [];
    for (let round = 0; round <= effort.rounds; round++) {
      const result = await throughput({
        url,
        headers,
        body: CREATE_BODY,
        connections: CONNECTIONS,
        seconds: effort.seconds,
      });
      log(`  round ${round} create ${JSON.stringify(result)}`);
      // The first one warms up.
      if (round > 0) results.push(result);
    }
    const perSecond = median(results.map((each) => each.perSecond));
    const p99 = median(results.map((each) => each.p99Ms));
    const errors = results.reduce((sum, each) => sum + each.errors, 0);
    const row: Row = {
      measure: 'POST /v1/video/generations/async, 50 connections',
      goal: '≥ 1,500/s, p99 ≤ 100 ms, no error',
      result: `${shown(perSecond)}/s, p99 ${shown(p99)} ms, ${errors} errors`,
      reached: perSecond >= 1_500 && p99 <= 100 && errors === 0,
      raw: results,
    };
    return [row];
  });
