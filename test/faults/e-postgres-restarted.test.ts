import { setTimeout as sleep } from 'node:timers/promises';
import { type SystemOnServers, startOnServers, type TaskClient } from '@grok2api/testkit';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';
import { countBy, untilNoneIsOpen } from './support/task-list.js';

/** 20 creates a second. */
const PAUSE_MS = 50;
/** Answers of one kind that are waited for between two faults. */
const SOME = 20;
const LOAD_MS = 20_000;
/** The simulator ends such a task without drawing a video: the load is on the database. */
const PROMPT = 'status:expired';

interface Answer {
  prompt: string;
  status: number | string;
  headers?: Headers;
  body: { task_id?: string; error?: { code: string; type: string } };
  ms: number;
}

let on: SystemOnServers;
beforeAll(async () => {
  on = await startOnServers({
    videoWorkers: 2,
    env: { VIDEO_WORKER_SLOTS: '8', CLAIM_TTL_MS: '3000', SIMULATOR_VIDEO_MS: '1000' },
  });
});
beforeEach(() => keepLogOnFailure(on.system));
afterAll(async () => {
  await on?.stop();
});

it('Postgres restarted twice under load: what was accepted ends, what was refused got 503', async () => {
  const { system, postgres } = on;
  const answers: Answer[] = [];
  const loadEnds = new AbortController();
  const begun = Date.now();
  const load = keepCreating(system.tasks(), answers, loadEnds.signal);
  const refused = () => answers.filter(({ status }) => status === 503).length;
  const accepted = () => answers.filter(({ status }) => status === 200).length;
  const moreAccepted = async () => {
    const before = accepted();
    await vi.waitFor(() => expect(accepted()).toBeGreaterThan(before + SOME), { timeout: 60_000 });
  };

  await moreAccepted();
  // Killed, it comes back by itself at once: no client need notice.
  await postgres.kill();
  await moreAccepted();

  // Away for longer than a create waits for it.
  await postgres.pause();
  const awayAt = Date.now();
  await vi.waitFor(() => expect(refused()).toBeGreaterThanOrEqual(SOME), { timeout: 60_000 });
  await postgres.resume();
  const awayMs = Date.now() - awayAt;
  await moreAccepted();
  await vi.waitFor(() => expect(Date.now() - begun).toBeGreaterThan(LOAD_MS), { timeout: 2 * LOAD_MS });
  loadEnds.abort();
  await load;
  const loadMs = Date.now() - begun;
  const all = await untilNoneIsOpen(system.tasks(), 180_000);
  printFigures({
    'load ms': loadMs,
    'all ended after ms': Date.now() - begun,
    'away ms': awayMs,
    'slowest answer ms': Math.max(...answers.map(({ ms }) => ms)),
    ...countBy(answers, ({ status }) => String(status)),
    rows: all.size,
    ...countBy(all.values(), ({ error, status }) => error?.code ?? status),
  });

  expect(Object.keys(countBy(answers, ({ status }) => String(status))).sort()).toEqual(['200', '503']);
  for (const { status, headers, body } of answers) {
    if (status !== 503) continue;
    expect(Number(headers?.get('retry-after'))).toBeGreaterThan(0);
    // Its row may have been written all the same.
    expect(headers?.get('x-should-retry')).toBe('false');
    expect(body).toEqual({
      error: { message: expect.any(String), type: 'server_error', param: null, code: 'service_unavailable' },
    });
  }
  for (const { status, body, prompt } of answers) {
    if (status === 200) expect(all.get(body.task_id ?? '')).toMatchObject({ status: 'failed', prompt });
  }
  // A refused create may have left its row, which then ends like any other.
  expect(all.size).toBeLessThanOrEqual(answers.length);
  const asked = new Set(answers.map(({ prompt }) => prompt));
  const creates = countBy(await system.simulator.jobs(), ({ prompt }) => prompt);
  for (const [prompt, count] of Object.entries(creates)) expect([asked.has(prompt), count]).toEqual([true, 1]);
  expect((await system.tasks().request('GET', '/health')).status).toBe(200);
}, 400_000);

/** Begins a create every 50 ms until the signal, whether those before were answered or not, and waits for all answers. */
async function keepCreating(tasks: TaskClient, answers: Answer[], signal: AbortSignal): Promise<void> {
  const begun: Promise<void>[] = [];
  while (!signal.aborted) {
    begun.push(createOne(tasks, `${PROMPT} ${begun.length + 1}`, answers));
    await sleep(PAUSE_MS);
  }
  await Promise.all(begun);
}

async function createOne(tasks: TaskClient, prompt: string, answers: Answer[]): Promise<void> {
  const begun = Date.now();
  try {
    const answer = await tasks.request('POST', '/v1/video/tasks', { model: 'grok-imagine-1.0-video', prompt });
    const body = (await answer.json()) as Answer['body'];
    answers.push({ prompt, status: answer.status, headers: answer.headers, body, ms: Date.now() - begun });
  } catch (err) {
    // Not even a refusal: none of the statuses that are allowed.
    answers.push({ prompt, status: String(err), body: {}, ms: Date.now() - begun });
  }
}
