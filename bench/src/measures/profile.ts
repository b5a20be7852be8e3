import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempDir } from '@grok2api/testkit';
import { throughput } from '../load/throughput.js';
import { type Profile, profileShares, type Share } from '../report/profile-shares.js';
import type { Row } from '../report/row.js';
import { COMPLETION_BODY, STREAM_BODY } from './completions.js';
import type { Measure } from './measure.js';
import { withOurs } from './with-ours.js';

const PROFILER = new URL('../load/profiler.js', import.meta.url).href;
const SERVICES = ['api-gateway', 'chat'] as const;
const LOADS = [
  { what: 'a chat', body: COMPLETION_BODY, connections: 50 },
  { what: 'a streamed chat', body: STREAM_BODY, connections: 50 },
  { what: 'a streamed chat on one connection', body: STREAM_BODY, connections: 1 },
];
/** Packages in the table, and functions that are kept. */
const SHOWN = 8;
const KEPT = 40;

/** Where the time of the gateway and the chat service goes under load. The profiler itself costs a little of it. */
export const measureProfile: Measure = async ({ seconds }) => {
  const rows: Row[] = [];
  for (const { what, body, connections } of LOADS) {
    const directory = await tempDir();
    try {
      const env = { NODE_OPTIONS: `--import=${PROFILER}`, BENCH_PROFILES: directory.path };
      const { pids, begunAt } = await withOurs({ env }, async ({ system, headers }) => {
        const url = `${system.baseUrl}/v1/chat/completions`;
        await throughput({ url, headers, body, connections, seconds: 2 });
        const warm = Number(process.hrtime.bigint() / 1_000n);
        await throughput({ url, headers, body, connections, seconds });
        return { pids: new Map(SERVICES.map((name) => [name, system.pid(name)])), begunAt: warm };
      });
      for (const [service, pid] of pids) {
        const profile = JSON.parse(await readFile(join(directory.path, `${pid}.json`), 'utf8')) as Profile;
        const { packages, functions } = profileShares(profile, begunAt);
        rows.push({
          measure: `where the time of ${what} goes, ${service}`,
          goal: 'to know',
          result: packages.slice(0, SHOWN).map(shownShare).join(', '),
          reached: true,
          raw: { packages, functions: functions.slice(0, KEPT) },
        });
      }
    } finally {
      await directory.remove();
    }
  }
  return rows;
};

function shownShare({ name, share }: Share): string {
  return `${name} ${(100 * share).toFixed(0)} %`;
}
