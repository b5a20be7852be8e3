import type { Contestant } from '../contestants/contestants.js';
import { type Latency, latency } from '../load/latency.js';
import { type Throughput, throughput } from '../load/throughput.js';
import { type Row, shown } from '../report/row.js';
import { median } from '../report/statistics.js';
import { COMPLETION_BODY, isWholeStream, STREAM_BODY } from './completions.js';
import { type ByContestant, eachContestant, withContestants } from './each-contestant.js';
import type { Effort, Measure } from './measure.js';

const CONNECTIONS = 50;
/** Requests on the one connection, each round. */
const SINGLE = 400;
/** What everybody does once before it counts, at most. */
const WARM_UP_SECONDS = 3;
type Name = Contestant['name'];

/** Chat completions through every contestant: how many with 50 connections, and how soon with one. */
export const measureChat: Measure = (effort, log) =>
  withContestants((all, headers) => measureAll(all, headers, effort, log));

async function measureAll(
  all: readonly Contestant[],
  headers: Record<string, string>,
  effort: Effort,
  log: (line: string) => void,
): Promise<Row[]> {
  const many =
    (body: string, seconds: number) =>
    ({ url }: Contestant) =>
      throughput({
        url,
        headers,
        body,
        connections: CONNECTIONS,
        seconds,
        ...(body === STREAM_BODY && { isWhole: isWholeStream }),
      });
  const one =
    (body: string) =>
    ({ url }: Contestant) =>
      latency({ url, headers, body, count: SINGLE });

  const warmUp = Math.min(effort.seconds, WARM_UP_SECONDS);
  for (const body of [COMPLETION_BODY, STREAM_BODY]) await eachContestant(all, 1, many(body, warmUp), log);
  log('chat, not streamed');
  const plain = await eachContestant(all, effort.rounds, many(COMPLETION_BODY, effort.seconds), log);
  log('chat, streamed');
  const streamed = await eachContestant(all, effort.rounds, many(STREAM_BODY, effort.seconds), log);
  log('one connection');
  const single = await eachContestant(all, effort.rounds, one(COMPLETION_BODY), log);
  const singleStreamed = await eachContestant(all, effort.rounds, one(STREAM_BODY), log);
  return [
    throughputRow('chat, not streamed, 50 connections', plain, { bus: 0.65, portkey: 2 }),
    throughputRow('chat, streamed, 20 chunks, 50 connections', streamed, { bus: 0.75, portkey: 1.5 }),
    latencyRow('chat, 1 connection', single, 'whole'),
    latencyRow('first token, 1 connection', singleStreamed, 'firstByte'),
  ];
}

function throughputRow(
  measure: string,
  results: ByContestant<Throughput[]>,
  goals: { bus: number; portkey: number },
): Row {
  const perSecond = (name: Name) => median(results[name].map((each) => each.perSecond));
  const errors = results.grok2api.reduce((sum, each) => sum + each.errors, 0);
  const ofBus = perSecond('grok2api') / perSecond('bus');
  const ofPortkey = perSecond('grok2api') / perSecond('portkey');
  const names = Object.keys(results) as Name[];
  return {
    measure,
    goal: `≥ ${goals.bus * 100} % of the bare bus path, ≥ ${goals.portkey} × Portkey, no error`,
    result: `${Math.round(ofBus * 100)} %, ${shown(ofPortkey)} ×, ${errors} errors (${names.map((name) => `${name} ${shown(perSecond(name))}/s`).join(', ')})`,
    reached: ofBus >= goals.bus && ofPortkey >= goals.portkey && errors === 0,
    raw: results,
  };
}

function latencyRow(measure: string, results: ByContestant<Latency[]>, what: 'firstByte' | 'whole'): Row {
  const at = (name: Name, share: 'p50' | 'p99') => median(results[name].map((each) => each[what][share]));
  const added = at('grok2api', 'p50') - at('bus', 'p50');
  const tail = at('grok2api', 'p99') / at('bus', 'p99');
  const names = Object.keys(results) as Name[];
  return {
    measure,
    goal: 'p50 ≤ bare bus path + 0.5 ms, p99 ≤ 2 × bare bus path',
    result: `+ ${shown(added)} ms, ${shown(tail)} × (p50/p99 in ms: ${names.map((name) => `${name} ${shown(at(name, 'p50'))}/${shown(at(name, 'p99'))}`).join(', ')})`,
    reached: added <= 0.5 && tail <= 2,
    raw: Object.fromEntries(
      names.map((name) => [name, results[name].map(({ firstByte, whole }) => ({ firstByte, whole }))]),
    ),
  };
}
