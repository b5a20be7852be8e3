import { hasEnded, type TaskEvent, type TaskKind, type Texts, taskMessage } from '@grok2api/contracts';
import { type Task, toTaskEvent } from '@grok2api/task-store';
import type { SseEvent, SseStream } from './reply/sse-stream.js';
import type { TaskReader } from './task-feed.js';
import type { TaskSteps } from './task-steps.js';

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

/**
 * One reader's stream: the snapshot, then what changed since what the reader was last sent. A reader that is slow
 * skips steps in between, and always gets the end.
 */
export class TaskStream implements TaskReader {
  #sse: SseStream | undefined;
  #sent: TaskEvent | undefined;
  #newest: TaskEvent | undefined;

  /** @param steps shared by all streams of tasks */
  constructor(
    private readonly context: TaskStreamContext,
    private readonly steps: TaskSteps,
  ) {}

  /** Begins to write: the snapshot, and whatever came since. */
  begin(sse: SseStream, snapshot: Task): void {
    this.#sse = sse;
    this.#sent = toTaskEvent(snapshot);
    sse.write([snapshotEvent(this.#sent, this.context)]);
    if (hasEnded(this.#sent.state)) this.#newest = this.#sent;
    this.flush();
  }

  changed(event: TaskEvent): void {
    if (this.#newest && event.version <= this.#newest.version) return;
    if (this.#sse && this.#newest) this.context.skipped();
    this.#newest = event;
    this.flush();
  }

  gone(): void {
    const last = this.#newest ?? this.#sent;
    if (last) this.changed({ ...last, version: last.version + 1, state: 'cancelled' });
  }

  closing(): void {
    this.#sse?.endForReconnect();
    this.#sse = undefined;
  }

  /** Writes what the reader has not been sent yet, if it takes it. */
  flush(): void {
    const [sse, sent, newest] = [this.#sse, this.#sent, this.#newest];
    if (!sse || !sent || !newest || sse.blocked) return;
    const ended = hasEnded(newest.state);
    if (newest.version > sent.version || ended) sse.writeBytes(this.steps.between(sent, newest, this.context));
    this.#sent = newest.version > sent.version ? newest : sent;
    this.#newest = undefined;
    if (ended) {
      this.#sse = undefined;
      sse.end();
    }
  }
}
