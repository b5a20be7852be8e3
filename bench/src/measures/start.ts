import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { tempDir } from '@grok2api/testkit';
import getPort from 'get-port';
import { type Row, shown } from '../report/row.js';
import { median } from '../report/statistics.js';
import type { Measure } from './measure.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** How long `npm start` takes when it has been there before. */
export const measureStart: Measure = async (effort, log) => {
  const directory = await tempDir();
  try {
    await start(directory.path);
    const times: number[] = [];
    for (let round = 0; round < effort.rounds; round++) times.push(await start(directory.path));
    log(`  starts ${JSON.stringify(times)}`);
    const seconds = median(times) / 1000;
    const row: Row = {
      measure: '`npm start`, second time → ready',
      goal: '≤ 6 s',
      result: `${shown(seconds)} s`,
      reached: seconds <= 6,
      raw: times,
    };
    return [row];
  } finally {
    await directory.remove();
  }
};

/** Starts and stops it; resolves to the milliseconds until it said that it was ready. */
async function start(dataDir: string): Promise<number> {
  const begun = performance.now();
  const port = await getPort({ host: '127.0.0.1' });
  const child = spawn('npm', ['start'], {
    cwd: ROOT,
    env: { ...process.env, DATA_DIR: dataDir, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  const ready = new Promise<number>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('is ready at')) resolve(performance.now() - begun);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', () => reject(new Error(`npm start ended:\n${output}`)));
  });
  const ms = await ready;
  const ended = once(child, 'exit');
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
  await ended;
  return ms;
}
