import { hasEnded, type TaskEvent, type TaskKind, type Texts, taskMessage } from '@grok2api/contracts';
import type { SseEvent } from './reply/sse-stream.js';

/** What the events of one reader are written with. */
export interface TaskStreamContext {
  taskId: string;
  kind: TaskKind;
  texts: Texts;
  /** What a completed task made, as fields of an event; empty before. */
  results: (event: Pick<TaskEvent, 'result'>) => object;
  /** Told of each event that a slow reader is not sent, because a newer one says more. */
  skipped: () => void;
}

/** What happened between two views of a task, as server-sent events; the last one ends the stream. */
export function eventsBetween(before: TaskEvent, after: TaskEvent, context: TaskStreamContext): SseEvent[] {
  const events: SseEvent[] = [];
  const common = { task_id: context.taskId, status: after.state, progress: after.progress };
  if (hasEnded(after.state)) {
    events.push({ id: after.version, data: { type: after.state, ...common, ...endFields(after, context) } });
    return events;
  }
  if (after.state !== before.state) events.push({ id: after.version, data: { type: 'status', ...common } });
  if (after.progress > before.progress) events.push({ id: after.version, data: { type: 'progress', ...common } });
  return events;
}

/** The first event of a stream. That of an ended task has no id: only the terminal event says "seen to the end". */
export function snapshotEvent(event: TaskEvent, context: TaskStreamContext): SseEvent {
  const data = {
    type: 'snapshot',
    task_id: context.taskId,
    status: event.state,
    progress: event.progress,
    ...endFields(event, context),
  };
  return hasEnded(event.state) ? { data } : { id: event.version, data };
}

function endFields(event: TaskEvent, context: TaskStreamContext): object {
  return {
    ...context.results(event),
    ...(hasEnded(event.state) ? { message: taskMessage(context.texts, context.kind, event.state, event.error) } : {}),
    ...(event.error ? { error: event.error } : {}),
  };
}
