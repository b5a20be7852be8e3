import { type TaskState, type Texts, taskMessage, toUsd } from '@grok2api/contracts';
import type { Task } from '@grok2api/task-store';
import type { PublicUrls } from './public-url.js';

/** The async document's names for the states. */
const ENVELOPE_STATUS = {
  pending: 'pending',
  running: 'processing',
  completed: 'success',
  failed: 'failed',
  cancelled: 'failed',
} as const satisfies Record<TaskState, string>;

/** Writes tasks as the documents show them. */
export class TaskBodies {
  constructor(private readonly urls: PublicUrls) {}

  /** A task as in a list: the fields at top level, those unknown left out. */
  fields(task: Task, texts: Texts) {
    return {
      task_id: task.id,
      status: task.state,
      progress: task.progress,
      prompt: task.prompt,
      model: task.model,
      ...this.#results(task),
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
  single(task: Task, texts: Texts, queuePosition: number | undefined) {
    const url = this.resultUrl(task);
    return {
      ...this.fields(task, texts),
      ...(queuePosition === undefined ? {} : { queue_position: queuePosition }),
      code: 200,
      data: {
        taskId: task.id,
        status: ENVELOPE_STATUS[task.state],
        progress: task.progress,
        ...(url ? { result: { downloadUrl: url } } : {}),
        ...(task.state === 'failed' ? { errorMsg: task.error?.message ?? '' } : {}),
        ...(task.state === 'cancelled' ? { errorMsg: texts.taskCancelled } : {}),
      },
    };
  }

  /** Where a completed task's first result is, under the origin of the request that made the task. */
  resultUrl(task: Pick<Task, 'result' | 'origin'>): string | undefined {
    const mediaId = task.result?.media[0];
    return mediaId === undefined ? undefined : this.urls.fileUrl(task.origin, mediaId);
  }

  #results(task: Task) {
    const url = this.resultUrl(task);
    return url ? { video_url: url } : {};
  }
}
