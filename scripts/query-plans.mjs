// How Postgres executes the store's own statements at 1,000,000 tasks. After the build: node scripts/query-plans.mjs
// prints the table of docs/query-plans.md; with `plans` as argument the whole plans too.
import { createHash, randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { startPostgres } from '@grok2api/testkit';
import { applyMigrations } from '../packages/prisma-migrate/dist/index.js';
import { createSession } from '../packages/prisma-migrate/dist/session.js';
import { CallbackQueue } from '../packages/task-store/dist/callback-queue.js';
import { Callbacks } from '../packages/task-store/dist/callbacks.js';
import { Claims } from '../packages/task-store/dist/claims.js';
import { PrismaClient } from '../packages/task-store/dist/generated/client.js';
import { Queue } from '../packages/task-store/dist/queue.js';
import { Tasks } from '../packages/task-store/dist/tasks.js';
import { Upkeep } from '../packages/task-store/dist/upkeep.js';
import { root } from './setup.mjs';

const { PrismaPg } = createRequire(join(root, 'packages/task-store/package.json'))('@prisma/adapter-pg');

const TASKS = 1_000_000;
const CALLBACKS = 200_000;
const DAY_MS = 24 * 3_600_000;
// Postgres tells its plans to the session that ran the statement.
const SESSION = [
  'session_preload_libraries=auto_explain',
  'auto_explain.log_min_duration=0',
  'auto_explain.log_analyze=on',
  'auto_explain.log_buffers=on',
  'auto_explain.log_format=json',
  'auto_explain.log_level=notice',
  'client_min_messages=notice',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

// The last 4 % of the rows hold all open tasks: of 1,000,000 2 % wait and 1 % run. A third of the owners has most of
// the tasks; one has been silent for a while, one is new. Every tenth task is an image. One claim in 25 has run out.
const ROWS = [
  'SELECT setseed(0.5)',
  `INSERT INTO tasks (id, kind, owner, state, version, progress, model, upstream_model, prompt, params, origin,
     created_at, started_at, ended_at, deleted_at, claim_token, claim_worker, claim_expires_at, submit_intent_at,
     credential_id, upstream_job_id, result, error_code, error_message)
   SELECT 'video_' || md5(n::text), kind, owner, state, 5,
     CASE state WHEN 'completed' THEN 100 WHEN 'running' THEN n % 100 ELSE 0 END,
     'grok-imagine-1.0-video', 'grok-imagine-video-1.5', 'A cat walks over a wall in the evening sun, number ' || n,
     CASE kind WHEN 'image' THEN jsonb_build_object('n', 1, 'aspect_ratio', '16:9', 'response_format', 'url')
       ELSE jsonb_build_object('aspect_ratio', '16:9', 'video_length', 6, 'resolution', '480p', 'preset', 'normal') END
       || CASE WHEN n % 5 = 0 AND kind = 'video' THEN jsonb_build_object('image', jsonb_build_object('media', 'image_' || n || '.png'))
         ELSE '{}' END,
     'https://videos.example.com', created, CASE WHEN began THEN created + interval '10 seconds' END,
     CASE WHEN state IN ('completed', 'failed', 'cancelled') THEN created + interval '2 minutes' END,
     CASE WHEN state = 'completed' AND n % 2000 = 0 THEN created + interval '1 hour' END,
     CASE WHEN state = 'running' THEN gen_random_uuid() END, CASE WHEN state = 'running' THEN 'video-worker-1' END,
     CASE WHEN state = 'running' THEN now() + CASE WHEN n % 100 = 1 THEN -1 ELSE 1 END * interval '1 hour' END,
     CASE WHEN began THEN created + interval '9 seconds' END,
     CASE WHEN began THEN 'credential-1' END, CASE WHEN began THEN md5('job' || n) END,
     CASE WHEN state = 'completed' THEN jsonb_build_object('media', jsonb_build_array('video_' || md5(n::text) || '.mp4')) END,
     CASE WHEN state = 'failed' THEN 'upstream_error' END, CASE WHEN state = 'failed' THEN 'The upstream failed.' END
   FROM (
     SELECT n, CASE WHEN n % 10 = 3 THEN 'image' ELSE 'video' END AS kind, CASE
         WHEN n <= 900000 AND share > 0.93 THEN 'silent' WHEN n > 900000 AND share > 0.93 THEN 'new'
         ELSE 'owner-' || floor(200 * share ^ 3)::int END AS owner, state,
       now() - (${TASKS} - n) * interval '2.5 seconds' AS created, state IN ('running', 'completed') AS began
     FROM (
       SELECT n, random() AS share, CASE
         WHEN n > ${TASKS} * 0.96 AND n % 4 IN (0, 2) THEN 'pending'
         WHEN n > ${TASKS} * 0.96 AND n % 4 = 1 THEN 'running'
         WHEN n % 20 = 7 THEN 'failed' WHEN n % 40 = 9 THEN 'cancelled' ELSE 'completed' END AS state
       FROM generate_series(1, ${TASKS}) AS n) AS drawn) AS rows`,
  // Every fifth task had an address to tell. The last 5 % are not delivered: a quarter of these is for a host that is
  // dead, the others for 500 hosts; half is due.
  `INSERT INTO callbacks (id, task_id, kind, owner, url, host, payload, state, ended_at, next_attempt_at, settled_at,
     attempts)
   SELECT 'msg_' || md5(n::text), 'task_' || md5(n::text), 'video', 'owner-' || n % 200, 'https://' || host || '/hook',
     host, repeat('{"type":"video.task.completed"}', 20), CASE WHEN open THEN 'pending' ELSE 'delivered' END,
     now() - interval '1 hour', now() + CASE WHEN n % 2 = 0 THEN -1 ELSE 1 END * interval '1 minute',
     CASE WHEN NOT open THEN now() - (${CALLBACKS} - n) * interval '10 seconds' END, 1
   FROM (
     SELECT n, n > ${CALLBACKS} * 0.95 AS open,
       CASE WHEN n % 4 = 0 THEN 'dead.example' ELSE 'host-' || n % 500 || '.example' END AS host
     FROM generate_series(1, ${CALLBACKS}) AS n) AS drawn`,
];
// What autovacuum does on a server that is in use.
const UPKEEP = ['VACUUM (ANALYZE) tasks', 'VACUUM (ANALYZE) callbacks', 'CHECKPOINT'];

async function main() {
  const server = await startPostgres();
  try {
    const log = { info: () => {}, warn: () => {} };
    const prismaDir = join(root, 'packages/task-store/prisma');
    await applyMigrations({ databaseUrl: server.url, schema: 'public', prismaDir, log });
    await fill(server.url);
    await report(server.url);
  } finally {
    await server.stop();
  }
}

async function fill(databaseUrl) {
  const pool = createSession({ databaseUrl, schema: 'public' });
  const began = performance.now();
  const { rows: indexes } = await pool.query(
    `SELECT indexname AS name, indexdef AS definition FROM pg_indexes WHERE tablename = 'tasks' AND indexname <> 'tasks_pkey'`,
  );
  // The same indexes are made faster once the rows are there.
  const drops = indexes.map(({ name }) => `DROP INDEX "${name}"`);
  const creates = indexes.map(({ definition }) => definition);
  for (const statement of [...drops, ...ROWS, ...creates, ...UPKEEP]) await pool.query(statement);
  await pool.end();
  console.error(`filled in ${Math.round((performance.now() - began) / 1000)} s`);
}

async function report(databaseUrl) {
  const url = new URL(databaseUrl);
  url.searchParams.set('options', SESSION);
  const pool = createSession({ databaseUrl: url.href, schema: 'public' });
  let plans = [];
  pool.on('connect', (client) => client.on('notice', ({ message }) => plans.push(parsePlan(message))));
  const database = new PrismaClient({ adapter: new PrismaPg(pool) });
  console.log(
    '| what | when | statement | by | rows read | buffers | ms |\n| --- | --- | --- | --- | ---: | ---: | ---: |',
  );
  for (const [what, when, call] of operations(database)) {
    // The first time is for the caches and Postgres' own catalogue.
    for (let time = 0; time < 2; time++) {
      plans = [];
      await call();
    }
    // Of a statement that was repeated the last one counts.
    const last = new Map(plans.map((plan) => [plan.statement, plan]));
    for (const plan of last.values()) {
      if (plan.touched.length > 0) console.log(row(what, when, plan));
      if (process.argv[2] === 'plans') console.log(plan.text);
    }
  }
  await database.$disconnect();
  await pool.end();
}

/** What the product does, by the product's own code. */
function* operations(database) {
  const [tasks, queue, claims, upkeep] = [Tasks, Queue, Claims, Upkeep].map((part) => new part(database));
  const kind = 'video';
  const owner = 'owner-0';
  const idOf = (n) => `video_${createHash('md5').update(String(n)).digest('hex')}`;
  let pending = TASKS + 2;
  const nextPending = () => {
    pending -= 4;
    return idOf(pending);
  };
  const errors = { queue: { code: 'a', message: 'a' }, run: { code: 'b', message: 'b' } };
  const claimant = () => ({ kind, worker: 'plans', token: randomUUID(), ttlMs: 15_000 });
  const fresh = (ownerMaxRunning) => ({ upstreamModels: ['grok-imagine-video-1.5'], ownerMaxRunning, takeOver: true });
  const takeBatches = async (batches, count) => {
    let taken = 0;
    for await (const _ of batches) if (++taken === count) return;
  };

  const created = [];
  yield ['create', 'request', () => tasks.create(newTask(created[created.push(randomUUID()) - 1], owner))];
  yield ['get by id', 'request', () => tasks.get(idOf(500_001))];
  yield [
    'get many: 50 watched tasks',
    '5 s, each gateway with readers',
    () => tasks.getMany(Array.from({ length: 50 }, (_, i) => idOf(970_000 + i))),
  ];
  yield ['list, first page', 'request', () => tasks.list({ kind, owner, limit: 20 })];
  yield ['list, a silent owner', 'request', () => tasks.list({ kind, owner: 'silent', limit: 20 })];
  yield ['list, deep page', 'request', () => tasks.list({ kind, owner, limit: 20, before: BigInt(TASKS / 2) })];
  yield ['list, small owner', 'request', () => tasks.list({ kind, owner: 'owner-150', limit: 20 })];
  yield ['list by state', 'request', () => tasks.list({ kind, owner, state: 'failed', limit: 20 })];
  yield ['queue position', 'request, cached 1 s', () => tasks.countAhead({ kind, owner, seq: BigInt(TASKS) }, 1_000)];
  yield ['open tasks of an owner', 'create', () => tasks.countOpen(kind, owner, 10_000)];
  yield ['cancel', 'request', () => tasks.cancel(nextPending())];
  yield ['any claimable', 'look of a free slot', () => queue.anyClaimable(kind)];
  // All that is open of the other kind runs.
  yield ['any claimable, nothing waits', 'look of a free slot', () => queue.anyClaimable('image')];
  let held;
  const claimBegun = async () => {
    const by = claimant();
    const { id } = await queue.claimBegun(by, true);
    held = { taskId: id, token: by.token };
  };
  yield ['claim begun', 'claim', claimBegun];
  yield ['claim begun, nothing to take over', 'claim', () => queue.claimBegun(claimant(), false)];
  yield ['claim fresh', 'claim', () => queue.claimFresh(claimant(), fresh(0))];
  yield ['claim fresh, OWNER_MAX_RUNNING set', 'claim', () => queue.claimFresh(claimant(), fresh(100))];
  yield ['renew', '5 s, each task at work', () => claims.renew(held, 15_000)];
  yield ['count claimable', '5 s', () => upkeep.countClaimable(kind, 1_000)];
  yield ['count claimable, nothing waits', '5 s', () => upkeep.countClaimable('image', 1_000)];
  yield [
    'end overdue, none',
    '5 s',
    () => upkeep.endOverdue(kind, { queueMs: 10 * DAY_MS, runMs: 10 * DAY_MS }, errors),
  ];
  yield ['end overdue, 500', '5 s', () => upkeep.endOverdue(kind, { queueMs: DAY_MS, runMs: DAY_MS }, errors)];
  yield ['remove old, 500', '5 s', () => upkeep.removeOld(28 * DAY_MS)];
  yield ['remove old, none', '5 s', () => upkeep.removeOld(100 * DAY_MS)];
  yield ['forget idle owners', '5 s', () => upkeep.forgetIdleOwners(kind)];
  yield [
    'media in use, 200 files',
    '10 min',
    () => upkeep.mediaInUse(Array.from({ length: 200 }, (_, i) => `image_${960_000 + i * 5}.png`)),
  ];
  yield ['count by state', 'scrape, at most 10 s', () => tasks.countByState()];
  yield ['count failed', 'scrape, at most 10 s', () => tasks.countFailed('worker_lost')];
  yield ['delete one', 'request', () => takeBatches(tasks.delete(kind, owner, { ids: [created.pop()] }), 1)];
  yield ['delete by state, first 500', 'request', () => takeBatches(tasks.delete(kind, owner, { state: 'failed' }), 1)];
  yield ['delete all, first 500', 'request', () => takeBatches(tasks.delete(kind, owner, 'all'), 1)];
  yield ['delete all, the hundredth 500', 'request', () => takeBatches(tasks.delete(kind, owner, 'all'), 50)];
  yield ['delete all, a new owner, first 500', 'request', () => takeBatches(tasks.delete(kind, 'new', 'all'), 1)];

  const [callbackQueue, callbacks] = [new CallbackQueue(database), new Callbacks(database)];
  const dead = 'dead.example';
  let claimed = [];
  const claimCallbacks = async (limit, hosts) => {
    claimed = await callbackQueue.claim({
      token: randomUUID(),
      ttlMs: 20_000,
      limit,
      perHost: 4,
      room: new Map(hosts),
    });
  };
  const attempt = { at: new Date().toISOString(), duration_ms: 1, status: 200, error: null, answer: null };
  yield ['claim callbacks', 'claim', () => claimCallbacks(16, [])];
  yield ['claim callbacks, a dead host passed over', 'claim', () => claimCallbacks(16, [[dead, 0]])];
  yield ['record an attempt', 'attempt', () => callbackQueue.record(claimed.pop(), attempt, 'delivered')];
  yield ['give up overdue', 'attempt in vain, host dead', () => callbackQueue.giveUpOverdue(dead, DAY_MS, attempt)];
  yield ['list callbacks', 'admin', () => callbacks.list({ limit: 100 })];
  yield ['list callbacks by state', 'admin', () => callbacks.list({ limit: 100, state: 'pending' })];
  yield [
    'list callbacks of an owner, deep',
    'admin',
    () => callbacks.list({ limit: 100, owner: 'owner-7', before: 9_999n }),
  ];
  yield ['remove old callbacks, 500', '10 min', () => callbackQueue.removeOld(7 * DAY_MS)];
}

function newTask(id, owner) {
  const params = { aspect_ratio: '16:9', video_length: 6, resolution: '480p', preset: 'normal' };
  const model = 'grok-imagine-video-1.5';
  return { id, kind: 'video', owner, model, upstreamModel: model, prompt: 'A cat', params, origin: 'https://host' };
}

/** What auto_explain said of one statement. */
function parsePlan(message) {
  const [, ms, json] = /^duration: ([\d.]+) ms {2}plan:\n([\s\S]*)$/.exec(message) ?? [];
  if (json === undefined) return { touched: [] };
  const { 'Query Text': statement, Plan: plan } = JSON.parse(json);
  return { ms: Number(ms), statement, text: json, touched: touchedBy(plan), buffers: buffersOf(plan) };
}

/** Every access of the plan to a table: how, and how many rows it looked at, those that were left out included. */
function touchedBy(plan) {
  const below = (plan.Plans ?? []).flatMap(touchedBy);
  const index = plan['Index Name'];
  const relation = plan['Relation Name'];
  // A bitmap's index has a node of its own, below that of the table, which counts the rows.
  if (plan['Node Type'] === 'Bitmap Index Scan') return [{ by: index, rows: 0 }];
  if (!plan['Node Type'].endsWith('Scan') || (index ?? relation) === undefined) return below;
  const perLoop = ['Actual Rows', 'Rows Removed by Filter', 'Rows Removed by Index Recheck'];
  const rows = perLoop.reduce((sum, key) => sum + (plan[key] ?? 0), 0) * plan['Actual Loops'];
  const by = plan['Node Type'] === 'Bitmap Heap Scan' ? undefined : (index ?? `${plan['Node Type']} ${relation}`);
  return [{ by, rows }, ...below];
}

function buffersOf(plan) {
  return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
}

function row(what, when, { statement, touched, buffers, ms }) {
  const shown = statement.replaceAll(/\s+/g, ' ').replaceAll('"public"."tasks".', '').trim().slice(0, 36).trim();
  const by = [...new Set(touched.flatMap((access) => access.by ?? []))].join(', ');
  const rows = Math.round(touched.reduce((sum, access) => sum + access.rows, 0));
  return `| ${what} | ${when} | \`${shown}…\` | ${by} | ${rows} | ${buffers} | ${ms.toFixed(2)} |`;
}

await main();
