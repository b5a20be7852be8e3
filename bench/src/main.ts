/** npm run bench [measure …]: measures, prints the table, and keeps it with all figures under bench/results. */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { measureBrowser } from './measures/browser.js';
import { measureChat } from './measures/chat.js';
import { measureConnections } from './measures/connections.js';
import { measureCreates } from './measures/creates.js';
import { measureDownload } from './measures/download.js';
import type { Measure } from './measures/measure.js';
import { measureMemory } from './measures/memory.js';
import { measureQueue } from './measures/queue.js';
import { measureReaders } from './measures/readers.js';
import { measureStart } from './measures/start.js';
import { measureLists, measureReads } from './measures/tasks.js';
import { measureWorkers } from './measures/workers.js';
import type { Row } from './report/row.js';
import { table } from './report/table.js';

const MEASURES: Record<string, Measure> = {
  chat: measureChat,
  connections: measureConnections,
  creates: measureCreates,
  browser: measureBrowser,
  reads: measureReads,
  lists: measureLists,
  readers: measureReaders,
  queue: measureQueue,
  workers: measureWorkers,
  download: measureDownload,
  memory: measureMemory,
  start: measureStart,
};
const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));

const log = (line: string) => void process.stderr.write(`${line}\n`);
const effort = { seconds: Number(process.env.BENCH_SECONDS || 8), rounds: Number(process.env.BENCH_ROUNDS || 3) };
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in MEASURES));
if (unknown.length > 0) {
  log(`there is no measure ${unknown.join(', ')}; there are ${Object.keys(MEASURES).join(', ')}`);
  process.exit(2);
}

const machine = { cpus: cpus().length, model: cpus()[0]?.model, node: process.version, at: new Date().toISOString() };
await mkdir(RESULTS, { recursive: true });
const rows: Row[] = [];
for (const [name, measure] of Object.entries(MEASURES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  log(`${name} …`);
  const measured = await measure(effort, log);
  await writeFile(`${RESULTS}${name}.json`, `${JSON.stringify({ machine, effort, rows: measured }, null, 1)}\n`);
  rows.push(...measured);
}
process.stdout.write(`${table(rows)}\n`);
process.exit(rows.every(({ reached }) => reached) ? 0 : 1);
