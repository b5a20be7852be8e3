import type { TaskBody } from '@grok2api/testkit';
import { TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';
import { Killer } from './support/killer.js';
import { seededRandom } from './support/random.js';
import { countBy, createAll, untilNoneIsOpen } from './support/task-list.js';

const TASKS = Number(process.env.FAULTS_TASKS || 200);
const WORKERS = ['video-worker-1', 'video-worker-2', 'video-worker-3'];
const MOST_TIMES_AS_LONG = 3;
/** The simulator draws every video for real. The smallest cost the least of what the workers need, too. */
const SMALL = { aspect_ratio: '1:1', resolution: '480p', video_length: 6 };

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.start({
    videoWorkers: WORKERS.length,
    env: { VIDEO_WORKER_SLOTS: '8', CLAIM_TTL_MS: '2000', SIMULATOR_VIDEO_MS: '12000' },
  });
});
beforeEach(() => keepLogOnFailure(system));
afterAll(async () => {
  await system?.stop();
});

it(`${TASKS} tasks end once each while every worker is killed with -9 every few seconds`, async () => {
  const random = seededRandom();
  const undisturbed = await runAll('undisturbed');
  expect(countBy(undisturbed.tasks, ({ status }) => status)).toEqual({ completed: TASKS });

  const killer = new Killer(system, WORKERS, random, { least: 2_000, most: 8_000 });
  const disturbed = await runAll('disturbed').finally(() => killer.stop());
  const codes = countBy(disturbed.tasks, ({ status, error }) => error?.code ?? status);
  printFigures({
    tasks: TASKS,
    'undisturbed ms': undisturbed.ms,
    'disturbed ms': disturbed.ms,
    factor: (disturbed.ms / undisturbed.ms).toFixed(2),
    kills: killer.kills,
    ...codes,
  });

  expect(killer.kills).toBeGreaterThan(WORKERS.length);
  const { completed = 0, submit_outcome_unknown: unknown = 0 } = codes;
  expect(completed + unknown).toBe(TASKS);
  expect(disturbed.ms).toBeLessThan(MOST_TIMES_AS_LONG * undisturbed.ms);

  const creates = countBy(await system.simulator.jobs(), ({ prompt }) => prompt);
  for (const { prompt, status } of disturbed.tasks) {
    const count = creates[String(prompt)] ?? 0;
    if (status === 'completed') expect([prompt, count]).toEqual([prompt, 1]);
    else expect(count).toBeLessThanOrEqual(1);
  }

  // A worker says so when it has ended a task; one that was killed between may have left it unsaid.
  const ends = countBy(
    [...system.logLines({ msg: 'completed' }), ...system.logLines({ msg: 'failed' })],
    ({ task_id }) => String(task_id),
  );
  for (const { task_id } of disturbed.tasks) expect(ends[task_id] ?? 0).toBeLessThanOrEqual(1);
  for (const { video_url, status } of disturbed.tasks) {
    if (status === 'completed') expect((await fetch(String(video_url), { method: 'HEAD' })).status).toBe(200);
  }
}, 1_200_000);

/** Makes all tasks and waits for their ends. */
async function runAll(name: string): Promise<{ tasks: TaskBody[]; ms: number }> {
  const client = system.tasks();
  const begun = Date.now();
  const prompts = Array.from({ length: TASKS }, (_, index) => `${name} ${index + 1}`);
  const ids = await createAll(client, prompts, SMALL);
  const all = await untilNoneIsOpen(client, 600_000);
  const tasks = ids.map((id) => all.get(id)).filter((task) => task !== undefined);
  expect(tasks).toHaveLength(TASKS);
  return { tasks, ms: Date.now() - begun };
}
