import type { LogLine } from '@grok2api/testkit';
import type { WorkerEvent } from './events.js';

/** What workers say of tasks in their log. */
const SAID: Readonly<Record<string, WorkerEvent['what']>> = {
  claimed: 'claimed',
  'submitted to the upstream': 'submitted',
  completed: 'completed',
  failed: 'failed',
  'handed back': 'handed back',
  'leaving the task': 'left',
};
const WORKERS: readonly unknown[] = ['video-worker', 'image'];

/** The lines of workers about tasks, as events. */
export function workerEvents(lines: readonly LogLine[]): WorkerEvent[] {
  return lines.flatMap(({ service, instance, msg, task_id, time }) => {
    const what = SAID[String(msg)];
    if (what === undefined || typeof task_id !== 'string' || !WORKERS.includes(service)) return [];
    const at = Date.parse(String(time));
    return [{ source: 'worker', at, worker: String(instance), task: task_id, what }];
  });
}
