import { type TaskKind, type TaskState, type Texts, taskMessage } from '@grok2api/contracts';
import type { Task } from '@grok2api/task-store';
import type { PublicUrls } from './public-url.js';

const TICKS_PER_USD = 10 ** 10;

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
      ...this.results(task),
      created_at: task.createdAt.toISOString(),
      ...(task.startedAt ? { started_at: task.startedAt.toISOString() } : {}),
      ...(task.endedAt ? { completed_at: task.endedAt.toISOString() } : {}),
      ...(task.costUsdTicks === undefined ? {} : { cost_usd: task.costUsdTicks / TICKS_PER_USD }),
      message: taskMessage(texts, task.kind, task.state, task.error),
      ...(task.error ? { error: task.error } : {}),
    };
  }

  /**
   * A task alone: the fields, and the async document's envelope around the same facts.
   * @param queuePosition own tasks before it, while it is pending
   */
  single(task: Task, texts: Texts, queuePosition: number | undefined) {
    const urls = this.resultUrls(task);
    return {
      ...this.fields(task, texts),
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
  results(task: Pick<Task, 'kind' | 'result' | 'origin'>): { video_url?: string; images?: string[] } {
    const urls = this.resultUrls(task);
    const [first] = urls;
    if (first === undefined) return {};
    return task.kind === 'video' ? { video_url: first } : { images: urls };
  }

  /** Where the results of a completed task are, under the origin of the request that made the task. */
  resultUrls({ result, origin }: Pick<Task, 'result' | 'origin'>): string[] {
    return (result?.media ?? []).map((mediaId) => this.urls.fileUrl(origin, mediaId));
  }
}

function envelopeResult(kind: TaskKind, urls: string[]): { downloadUrl?: string; images?: string[] } {
  return kind === 'video' ? { downloadUrl: urls[0] ?? '' } : { images: urls };
}
