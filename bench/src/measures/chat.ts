import { startChild } from '../contestants/child.js';
import { type Contestant, type Contestants, requestHeaders, startContestants } from '../contestants/contestants.js';
import { type Latency, latency } from '../load/latency.js';
import { type Throughput, throughput } from '../load/throughput.js';
import { type Row, shown } from '../report/row.js';
import { median } from '../report/statistics.js';
import type { Effort, Measure } from './measure.js';

const CONNECTIONS = 50;
const CHUNKS = 20;
/** Requests on the one connection, each round. */
const SINGLE = 400;
/** What everybody does once before it counts. */
const WARM_UP_SECONDS = 3;
const MESSAGES = [
  { role: 'system', content: 'You are a helpful assistant.' },
  { role: 'user', content: 'Tell me about foxes, dogs, and what they have to do with typewriters.' },
];
const BODY = JSON.stringify({ model: 'grok-4.3', messages: MESSAGES });
const STREAMED = JSON.stringify({ model: 'grok-4.3', messages: MESSAGES, stream: true });

type Name = Contestant['name'];
type Medians<Value> = Record<Name, Value>;

/** Chat completions through every contestant: how many with 50 connections, and how soon with one. */
export const measureChat: Measure = async (effort, log) => {
  const mock = await startChild('mock-main.js', {});
  try {
    const contestants = await startContestants(mock);
    try {
      return await measureAll(contestants, requestHeaders(mock.address), effort, log);
    } finally {
      await contestants.stop();
    }
  } finally {
    await mock.stop();
  }
};

async function measureAll(
  { all }: Contestants,
  headers: Record<string, string>,
  effort: Effort,
  log: (line: string) => void,
): Promise<Row[]> {
  const many =
    (body: string, seconds: number) =>
    ({ url }: Contestant) =>
      throughput({ url, headers, body, connections: CONNECTIONS, seconds, ...(body === STREAMED && { isWhole }) });
  const one =
    (body: string) =>
    ({ url }: Contestant) =>
      latency({ url, headers, body, count: SINGLE });

  for (const body of [BODY, STREAMED]) await eachOf(all, 1, many(body, WARM_UP_SECONDS), log);
  log('chat, not streamed');
  const plain = await eachOf(all, effort.rounds, many(BODY, effort.seconds), log);
  log('chat, streamed');
  const streamed = await eachOf(all, effort.rounds, many(STREAMED, effort.seconds), log);
  log('one connection');
  const single = await eachOf(all, effort.rounds, one(BODY), log);
  const singleStreamed = await eachOf(all, effort.rounds, one(STREAMED), log);
  return [
    throughputRow('chat, not streamed, 50 connections', plain, { bus: 0.65, portkey: 2 }),
    throughputRow('chat, streamed, 20 chunks, 50 connections', streamed, { bus: 0.75, portkey: 1.5 }),
    latencyRow('chat, 1 connection', single, 'whole'),
    latencyRow('first token, 1 connection', singleStreamed, 'firstByte'),
  ];
}

/** Whether no frame of a streamed completion is missing; a frame may be split or joined on the way, its text may not. */
function isWhole(body: string): boolean {
  return body.split('"content":"The quick').length - 1 === CHUNKS && body.includes('data: [DONE]');
}

/** Each contestant in each round; the rounds are interleaved, so that all have the same good and bad times. */
async function eachOf<Result>(
  all: readonly Contestant[],
  rounds: number,
  measure: (contestant: Contestant) => Promise<Result>,
  log: (line: string) => void,
): Promise<Medians<Result[]>> {
  const results: Medians<Result[]> = { upstream: [], relay: [], bus: [], portkey: [], grok2api: [] };
  for (let round = 1; round <= rounds; round++) {
    for (const contestant of all) {
      const result = await measure(contestant);
      results[contestant.name].push(result);
      log(`  round ${round} ${contestant.name} ${JSON.stringify(result)}`);
    }
  }
  return results;
}

function throughputRow(measure: string, results: Medians<Throughput[]>, goals: { bus: number; portkey: number }): Row {
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

function latencyRow(measure: string, results: Medians<Latency[]>, what: 'firstByte' | 'whole'): Row {
  const at = (name: Name, share: 'p50' | 'p99') => median(results[name].map((each) => each[what][share]));
  const added = at('grok2api', 'p50') - at('bus', 'p50');
  const tail = at('grok2api', 'p99') / at('bus', 'p99');
  const names = Object.keys(results) as Name[];
  return {
    measure,
    goal: 'p50 ≤ bare bus path + 0.5 ms, p99 ≤ 2 × bare bus path',
    result: `+ ${shown(added)} ms, ${shown(tail)} × (p50/p99 in ms: ${names.map((name) => `${name} ${shown(at(name, 'p50'))}/${shown(at(name, 'p99'))}`).join(', ')})`,
    reached: added <= 0.5 && tail <= 2,
    raw: results,
  };
}
