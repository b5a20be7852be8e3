import { writeFile } from 'node:fs/promises';
import { throughput } from '../load/throughput.js';
import { plot } from '../report/plot.js';
import { type Row, shown } from '../report/row.js';
import { median } from '../report/statistics.js';
import { COMPLETION_BODY } from './completions.js';
import { type ByContestant, eachContestant, withContestants } from './each-contestant.js';
import type { Measure } from './measure.js';

const CONNECTIONS = [1, 2, 5, 10, 20, 50, 100, 200];
const PLOT = new URL('../../results/connections.svg', import.meta.url);
const LABELS: ByContestant<string> = {
  upstream: 'upstream itself',
  relay: 'thin relay',
  bus: 'bare bus path',
  portkey: 'Portkey',
  grok2api: 'Grok2API',
};

/** Throughput over connections, as a plot; it has no goal of its own but that nothing falls with more connections. */
export const measureConnections: Measure = (effort, log) =>
  withContestants(async (all, headers) => {
    const perSecond: ByContestant<[number, number][]> = { upstream: [], relay: [], bus: [], portkey: [], grok2api: [] };
    const load = (connections: number, seconds: number, rounds: number) =>
      eachContestant(
        all,
        rounds,
        ({ url }) => throughput({ url, headers, body: COMPLETION_BODY, connections, seconds }),
        log,
      );
    await load(20, 3, 1);
    for (const connections of CONNECTIONS) {
      const results = await load(connections, effort.seconds / 2, effort.rounds);
      for (const { name } of all)
        perSecond[name].push([connections, median(results[name].map((each) => each.perSecond))]);
    }
    const series = all.map(({ name }) => ({ name: LABELS[name], points: perSecond[name] }));
    await writeFile(PLOT, plot('Chat completions, not streamed', 'connections', 'answers a second', series));
    const ours = perSecond.grok2api.map(([, rate]) => rate);
    const best = Math.max(...ours);
    const last = ours.at(-1) ?? 0;
    const row: Row = {
      measure: 'chat, not streamed, 1 to 200 connections',
      goal: 'at 200 connections no less than 80 % of the best',
      result: `${Math.round((100 * last) / best)} % (best ${shown(best)}/s)`,
      reached: last >= 0.8 * best,
      raw: perSecond,
    };
    return [row];
  });
