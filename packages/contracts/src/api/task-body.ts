import type { z } from 'zod';
import { toUsd } from '../money.js';
import type { TaskError, TaskKind, TaskResult, TaskState } from '../task.js';
import { type Texts, taskMessage } from '../texts.js';
import { fileUrl } from './file-url.js';
import type { taskFieldsSchema, taskReplySchema } from './replies/tasks.js';

/** What is shown of a task, as its row has it. */
export interface ShownTask {
  id: string;
  kind: TaskKind;
  state: TaskState;
  progress: number;
  /** How often a worker has taken it up. */
  attempts: number;
  prompt: string;
  /** As the client named it. */
  model: string;
  /** Beginning of the URLs given out for it, `https://host`. */
  origin: string;
  createdAt: Date;
  startedAt: Date | undefined;
  endedAt: Date | undefined;
  result: TaskResult | undefined;
  error: TaskError | undefined;
  /** In ticks of 10^-10 US dollars. */
  costUsdTicks: number | undefined;
}

/** A task as it is shown alone. */
export type TaskBody = z.infer<typeof taskReplySchema>;

/** The async document's names for the states. */
const ENVELOPE_STATUS = {
  pending: 'pending',
  running: 'processing',
  completed: 'success',
  failed: 'failed',
  cancelled: 'failed',
} as const satisfies Record<TaskState, string>;

/** A task as in a list: the fields at top level, those unknown left out. */
export function taskFields(task: ShownTask, texts: Texts): z.infer<typeof taskFieldsSchema> {
  return {
    task_id: task.id,
    status: task.state,
    progress: task.progress,
    attempts: task.attempts,
    prompt: task.prompt,
    model: task.model,
    ...taskResults(task),
    created_at: task.createdAt.toISOString(),
    ...(task.startedAt ? { started_at: task.startedAt.toISOString() } : {}),
    ...(task.endedAt ? { completed_at: task.endedAt.toISOString() } : {}),
    ...(task.costUsdTicks === undefined ? {} : { cost_usd: toUsd(task.costUsdTicks) }),
    message: taskMessage(texts, task.kind, task.state, task.error),
    ...(task.error ? { error: task.error } : {}),
  };
}

/**
 * A task alone: the fields, and the async document's envelope around the same facts.
 * @param queuePosition own tasks before it, while it is pending
 */
export function taskBody(task: ShownTask, texts: Texts, queuePosition?: number): TaskBody {
  const urls = resultUrls(task);
  return {
    ...taskFields(task, texts),
    ...(queuePosition === undefined ? {} : { queue_position: queuePosition }),
    code: 200,
    data: {
      taskId: task.id,
      status: ENVELOPE_STATUS[task.state],
      progress: task.progress,
      ...(urls.length > 0 ? { result: envelopeResult(task.kind, urls) } : {}),
      ...(task.state === 'failed' ? { errorMsg: task.error?.message ?? '' } : {}),
      ...(task.state === 'cancelled' ? { errorMsg: texts.taskCancelled } : {}),
    },
  };
}

/** What a completed task made, as the fields at top level show it; empty before. */
export function taskResults(task: Pick<ShownTask, 'kind' | 'result' | 'origin'>): {
  video_url?: string;
  images?: string[];
} {
  const urls = resultUrls(task);
  const [first] = urls;
  if (first === undefined) return {};
  return task.kind === 'video' ? { video_url: first } : { images: urls };
}

/** Where the results of a completed task are, under the origin of the request that made the task. */
export function resultUrls({ result, origin }: Pick<ShownTask, 'result' | 'origin'>): string[] {
  return (result?.media ?? []).map((mediaId) => fileUrl(origin, mediaId));
}

function envelopeResult(kind: TaskKind, urls: string[]): TaskBody['data']['result'] {
  return kind === 'video' ? { downloadUrl: urls[0] ?? '' } : { images: urls };
}
