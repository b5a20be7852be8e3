import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { residentMb } from '@grok2api/testkit';
import { request } from 'undici';
import { CLIENT_KEY } from '../contestants/contestants.js';
import { type Row, shown } from '../report/row.js';
import { median } from '../report/statistics.js';
import type { Measure } from './measure.js';
import { withOurs } from './with-ours.js';

const FILE_MB = 256;
const READS = 8;
const MOST_GROWTH_MB = 64;

/** How fast a file goes through the gateway, and whether it stays out of its memory. */
export const measureDownload: Measure = (effort, log) =>
  withOurs({ mock: { MOCK_VIDEO_MS: '100' } }, async ({ system, headers }) => {
    const tasks = system.tasks(CLIENT_KEY);
    const id = await tasks.create('a fox', { aspect_ratio: '16:9', video_length: 6 });
    const { video_url: url = '' } = await tasks.until(id, ({ status }) => status === 'completed');
    const media = join(system.dataDir, 'media');
    const name = new URL(url).pathname.split('/').at(-1) ?? '';
    const [path = ''] = (await readdir(media, { recursive: true })).filter((each) => each.endsWith(name));
    const file = await open(join(media, path), 'r+');
    await file.truncate(FILE_MB * 1024 * 1024);
    await file.close();
    const pid = system.pid('api-gateway');
    const read = async () => {
      const answer = await request(url, { headers });
      let bytes = 0;
      for await (const chunk of answer.body) bytes += (chunk as Buffer).length;
      return bytes;
    };
    await read();
    const before = residentMb(pid);
    const rates: number[] = [];
    for (let round = 0; round < effort.rounds; round++) {
      const begun = performance.now();
      let bytes = 0;
      for (let n = 0; n < READS; n++) bytes += await read();
      rates.push(bytes / 1e6 / ((performance.now() - begun) / 1000));
    }
    const growth = residentMb(pid) - before;
    log(`  download ${JSON.stringify({ rates, growth })}`);
    const rate = median(rates);
    const row: Row = {
      measure: 'media download through the gateway, one reader',
      goal: '≥ 300 MB/s, memory flat',
      result: `${shown(rate)} MB/s, ${growth > 0 ? '+' : ''}${growth} MB`,
      reached: rate >= 300 && growth < MOST_GROWTH_MB,
      raw: { rates, growth },
    };
    return [row];
  });
