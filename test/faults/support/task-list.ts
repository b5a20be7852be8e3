import type { TaskBody, TaskClient } from '@grok2api/testkit';
import { vi } from 'vitest';

const LOOK_EVERY_MS = 500;
/** The longest page there is. */
const PAGE = 1_000;

/** Makes tasks with these prompts, `atOnce` at a time. Resolves to their ids, in the order of the prompts. */
export async function createAll(
  tasks: TaskClient,
  prompts: readonly string[],
  params: object = {},
  atOnce = 8,
): Promise<string[]> {
  const ids: string[] = [];
  let next = 0;
  const createNext = async () => {
    for (let at = next++; at < prompts.length; at = next++) ids[at] = await tasks.create(prompts[at] ?? '', params);
  };
  await Promise.all(Array.from({ length: atOnce }, createNext));
  return ids;
}

/** Waits until none of the client's tasks is open, and reads them all (at most 1,000), by id. */
export async function untilNoneIsOpen(tasks: TaskClient, withinMs: number): Promise<Map<string, TaskBody>> {
  const countOf = async (status: string) => (await list(tasks, `status=${status}&limit=1`)).total;
  await vi.waitFor(
    async () => {
      const [pending, running] = [await countOf('pending'), await countOf('running')];
      if (pending + running > 0) throw new Error(`${pending} tasks are pending, ${running} are running`);
    },
    { timeout: withinMs, interval: LOOK_EVERY_MS },
  );
  const page = await list(tasks, `limit=${PAGE}`);
  return new Map(page.tasks.map((task) => [task.task_id, task]));
}

async function list(tasks: TaskClient, query: string): Promise<{ tasks: TaskBody[]; total: number }> {
  const answer = await tasks.request('GET', `/v1/video/tasks?${query}`);
  if (answer.status !== 200) throw new Error(`the list answered ${answer.status}`);
  return (await answer.json()) as { tasks: TaskBody[]; total: number };
}

/** How many there are of each value. */
export function countBy<Value>(values: Iterable<Value>, keyOf: (value: Value) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) {
    const key = keyOf(value);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
