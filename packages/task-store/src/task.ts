import type { TaskError, TaskEvent, TaskResult, TaskState, TaskWork } from '@grok2api/contracts';
import { taskResultSchema, taskStateSchema, taskWorkSchema } from '@grok2api/contracts';
import type { Task as Row } from './generated/client.js';

/** What is needed to accept a task. */
export type NewTask = TaskWork & {
  id: string;
  owner: string;
  /** As the client named it. */
  model: string;
  upstreamModel: string;
  prompt: string;
  /** Beginning of the URLs given out for it, `https://host`. */
  origin: string;
  /** Where its end is to be told. */
  callbackUrl: string | undefined;
  /** W3C trace context of the request that it was made by. */
  traceparent?: string | undefined;
};

/** A task as it is in its row. */
export type Task = NewTask & {
  seq: bigint;
  state: TaskState;
  version: number;
  /** 0 to 100, never falling. */
  progress: number;
  createdAt: Date;
  /** When the upstream took it, or was first asked to make it at once. */
  startedAt: Date | undefined;
  endedAt: Date | undefined;
  /** When the upstream was about to be asked. */
  submitIntentAt: Date | undefined;
  /**
   * The credential the upstream was, or is to be, asked with. With one but neither a job nor a result, whether the
   * upstream makes something is unknown.
   */
  credentialId: string | undefined;
  upstreamJobId: string | undefined;
  /** How often a worker has taken it up. */
  attempts: number;
  /** Claims in a row that ran out without a step forward. */
  claimLosses: number;
  result: TaskResult | undefined;
  error: TaskError | undefined;
  /** What the upstream charged, in its ticks of 10^-10 US dollars. */
  costUsdTicks: number | undefined;
};

/** A task from its row. */
export function toTask(row: Row): Task {
  return {
    ...taskWorkSchema.parse({ kind: row.kind, params: row.params }),
    seq: row.seq,
    id: row.id,
    owner: row.owner,
    state: taskStateSchema.parse(row.state),
    version: row.version,
    progress: row.progress,
    model: row.model,
    upstreamModel: row.upstreamModel,
    prompt: row.prompt,
    origin: row.origin,
    callbackUrl: row.callbackUrl ?? undefined,
    traceparent: row.traceparent ?? undefined,
    createdAt: row.createdAt,
    startedAt: row.startedAt ?? undefined,
    endedAt: row.endedAt ?? undefined,
    submitIntentAt: row.submitIntentAt ?? undefined,
    credentialId: row.credentialId ?? undefined,
    upstreamJobId: row.upstreamJobId ?? undefined,
    attempts: row.attempts,
    claimLosses: row.claimLosses,
    result: row.result === null ? undefined : taskResultSchema.parse(row.result),
    error: row.errorCode === null ? undefined : { code: row.errorCode, message: row.errorMessage ?? '' },
    costUsdTicks: row.costUsdTicks === null ? undefined : Number(row.costUsdTicks),
  };
}

/** What readers of a task are told of it. */
export function toTaskEvent(task: Pick<Task, 'id' | 'version' | 'state' | 'progress' | 'result' | 'error'>): TaskEvent {
  return {
    id: task.id,
    version: task.version,
    state: task.state,
    progress: task.progress,
    ...(task.result ? { result: task.result } : {}),
    ...(task.error ? { error: task.error } : {}),
  };
}
