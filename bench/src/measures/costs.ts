import { processorMs } from '../load/processor-time.js';
import { throughput } from '../load/throughput.js';
import { type Row, shown } from '../report/row.js';
import { slope } from '../report/statistics.js';
import { COMPLETION_BODY, STREAM_BODY } from './completions.js';
import { CREATE_BODY } from './creates.js';
import type { Measure } from './measure.js';
import { type Ours, withOurs } from './with-ours.js';

const SERVICES = ['api-gateway', 'chat', 'image', 'video-worker-1', 'token-pool', 'callback-dispatcher'];
/** Of the highest rate, what the cheapest one may cost more or less for each request and the cost still be called linear. */
const LINEAR = 0.3;
const VIDEO_MS = 2_000;
/** Until the last videos of a load have ended. */
const TAIL_MS = 6_000;

interface LoadKind {
  name: string;
  path: string;
  body: string;
  /** Requests a second. */
  rates: readonly number[];
  /** How long what was asked for goes on afterwards, in ms. */
  tailMs: number;
}

const CREATES = '/v1/video/generations/async';
const KINDS: readonly LoadKind[] = [
  { name: 'chat', path: '/v1/chat/completions', body: COMPLETION_BODY, rates: [100, 200, 400], tailMs: 0 },
  { name: 'chat, streamed', path: '/v1/chat/completions', body: STREAM_BODY, rates: [50, 100, 200], tailMs: 0 },
  { name: 'video, from create to file', path: CREATES, body: CREATE_BODY, rates: [10, 20, 40], tailMs: TAIL_MS },
];

/** What is counted while a load runs: processor ms of each process, messages, transactions, bytes. */
type Counts = Record<string, number>;

/** What a request costs each process, NATS and Postgres, and whether a hundred cost a hundred times as much as one. */
export const measureCosts: Measure = (effort, log) =>
  withOurs({ env: { VIDEO_WORKER_SLOTS: '200' }, mock: { MOCK_VIDEO_MS: String(VIDEO_MS) } }, async (ours) => {
    const rows: Row[] = [];
    for (const kind of KINDS) {
      await run(ours, kind, kind.rates[0] ?? 0, effort.seconds);
      const loads = [];
      for (const rate of kind.rates) loads.push(await run(ours, kind, rate, effort.seconds));
      log(`  ${kind.name} ${JSON.stringify(loads)}`);
      rows.push(rowOf(kind, loads));
    }
    return rows;
  });

interface Loaded {
  perSecond: number;
  errors: number;
  /** For a second of the load. */
  counts: Counts;
}

async function run(ours: Ours, { path, body, tailMs }: LoadKind, rate: number, seconds: number): Promise<Loaded> {
  const before = await countsOf(ours);
  const load = { url: ours.system.baseUrl + path, headers: ours.headers, body, connections: 50, seconds, rate };
  const { requests, errors } = await throughput(load);
  await new Promise((resolve) => setTimeout(resolve, tailMs));
  const after = await countsOf(ours);
  const counts = Object.fromEntries(
    Object.entries(after).map(([name, n]) => [name, (n - (before[name] ?? 0)) / seconds]),
  );
  return { perSecond: requests / seconds, errors, counts };
}

async function countsOf({ system, nats, postgres, database }: Ours): Promise<Counts> {
  const { rows } = await database.query<{ commits: string; wal: string }>(
    `SELECT sum(xact_commit) AS commits, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS wal FROM pg_stat_database`,
  );
  const varz = (await (await fetch(`${nats.monitoringUrl}/varz`)).json()) as Record<string, number>;
  const servers = { nats: nats.pid?.(), postgres: postgres.pid?.() };
  const processes = [...SERVICES.map((name) => [name, system.pid(name)] as const), ...Object.entries(servers)];
  return {
    ...Object.fromEntries(processes.map(([name, pid]) => [name, pid === undefined ? 0 : processorMs(pid)])),
    'messages in': varz.in_msgs ?? 0,
    'messages out': varz.out_msgs ?? 0,
    'message bytes in': varz.in_bytes ?? 0,
    commits: Number(rows[0]?.commits),
    'WAL bytes': Number(rows[0]?.wal),
  };
}

function rowOf({ name }: LoadKind, loads: readonly Loaded[]): Row {
  const names = Object.keys(loads[0]?.counts ?? {});
  const each = Object.fromEntries(
    names.map((count) => [count, slope(loads.map(({ perSecond, counts }) => [perSecond, counts[count] ?? 0]))]),
  );
  const isProcess = (count: string) => SERVICES.includes(count) || count === 'nats' || count === 'postgres';
  const whole = (counts: Counts) => names.filter(isProcess).reduce((sum, count) => sum + (counts[count] ?? 0), 0);
  const least = loads[0];
  const most = loads.at(-1);
  const errors = loads.reduce((sum, load) => sum + load.errors, 0);
  const rise =
    least && most ? (whole(most.counts) - whole(least.counts)) / (most.perSecond - least.perSecond) : Number.NaN;
  const bend = rise / whole(each) - 1;
  // The others have no part in it; what they use meanwhile falls as they warm up.
  const worth = (count: string) => (each[count] ?? 0) >= (isProcess(count) ? 0.005 : 0.05);
  const costs = names
    .filter(worth)
    .map((count) =>
      isProcess(count) ? `${count} ${shown(1000 * (each[count] ?? 0))} µs` : `${shown(each[count] ?? 0)} ${count}`,
    );
  return {
    measure: `what one costs: ${name}, ${loads.map(({ perSecond }) => shown(perSecond)).join(', ')} a second`,
    goal: 'linear, no error',
    result: `${costs.join(', ')}; ${errors} errors`,
    reached: Math.abs(bend) <= LINEAR && errors === 0,
    raw: { loads, each },
  };
}
