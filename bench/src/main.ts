/**
 * npm run bench [measure …]: measures, prints the table, and keeps it with all figures under bench/results.
 * --short: a selection, for a moment each; keeps nothing, and succeeds if it could be measured at all.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { measureBrowser } from './measures/browser.js';
import { measureChat } from './measures/chat.js';
import { measureConnections } from './measures/connections.js';
import { measureCosts } from './measures/costs.js';
import { measureCreates } from './measures/creates.js';
import { measureDownload } from './measures/download.js';
import type { Measure } from './measures/measure.js';
import { measureMemory } from './measures/memory.js';
import { measureProfile } from './measures/profile.js';
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
  costs: measureCosts,
  profile: measureProfile,
};
/** Between them every contestant, a task and its worker. */
const SHORT = ['chat', 'queue'];
const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));

const README = fileURLToPath(new URL('../README.md', import.meta.url));

/** What is kept of a measure. */
interface Kept {
  machine: { at: string };
  rows: Row[];
}

const args = process.argv.slice(2);
const isShort = args.includes('--short');
// Figures that nobody keeps are nothing to print.
const log = isShort ? () => {} : (line: string) => void process.stderr.write(`${line}\n`);
const effort = isShort
  ? { seconds: 1, rounds: 1 }
  : { seconds: Number(process.env.BENCH_SECONDS || 8), rounds: Number(process.env.BENCH_ROUNDS || 3) };
const asked = isShort ? SHORT : args;
const unknown = asked.filter((name) => !(name in MEASURES));
if (unknown.length > 0) {
  log(`there is no measure ${unknown.join(', ')}; there are ${Object.keys(MEASURES).join(', ')}`);
  process.exit(2);
}

const machine = { cpus: cpus().length, model: cpus()[0]?.model, node: process.version, at: new Date().toISOString() };
const rows: Row[] = [];
for (const [name, measure] of Object.entries(MEASURES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  log(`${name} …`);
  const measured = await measure(effort, log);
  if (!isShort) await keep(name, measured);
  rows.push(...measured);
}
process.stdout.write(`${table(rows)}\n`);
if (!isShort) {
  await writeFigures();
  process.exitCode = rows.every(({ reached }) => reached) ? 0 : 1;
}

async function keep(name: string, measured: Row[]): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  await writeFile(`${RESULTS}${name}.json`, `${JSON.stringify({ machine, effort, rows: measured }, null, 1)}\n`);
}

/** The README's table, from the newest result of each measure. */
async function writeFigures(): Promise<void> {
  const kept = new Set(await readdir(RESULTS));
  const parts: string[] = [];
  const newest: Row[] = [];
  for (const name of Object.keys(MEASURES)) {
    if (!kept.has(`${name}.json`)) continue;
    const result = JSON.parse(await readFile(`${RESULTS}${name}.json`, 'utf8')) as Kept;
    newest.push(...result.rows);
    parts.push(`${name} ${result.machine.at.slice(0, 10)}`);
  }
  const where = `Measured on ${machine.cpus} processors (${machine.model}), Node ${machine.node}; ${parts.join(', ')}.`;
  const figures = `<!-- figures: written by npm run bench -->\n${table(newest)}\n\n${where}\n<!-- end -->`;
  const readme = await readFile(README, 'utf8');
  await writeFile(
    README,
    readme.replace(/<!-- figures.*?<!-- end -->/s, () => figures),
  );
}
