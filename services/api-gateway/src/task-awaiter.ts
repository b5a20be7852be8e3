import { hasEnded, type TaskEvent } from '@grok2api/contracts';
import { type Task, toTaskEvent } from '@grok2api/task-store';
import { GatewayStoppingError } from './gateway-stopping-error.js';
import type { TaskReader } from './task-feed.js';

/** Waits for the end of a task and tells of its progress. */
export class TaskAwaiter implements TaskReader {
  /** The task's last event. Rejects with GatewayStoppingError. */
  readonly ended: Promise<TaskEvent>;
  readonly #onProgress: (percent: number) => void;
  #end: (event: TaskEvent) => void = () => {};
  #fail: (err: Error) => void = () => {};
  #last: TaskEvent | undefined;

  constructor(onProgress: (percent: number) => void) {
    this.#onProgress = onProgress;
    this.ended = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    // Whoever waits sees the failure; nobody may be waiting yet.
    this.ended.catch(() => {});
  }

  /** Begins with the task as it is. */
  begin(snapshot: Task): void {
    this.changed(toTaskEvent(snapshot));
  }

  changed(event: TaskEvent): void {
    if (this.#last && event.version <= this.#last.version) return;
    const progressed = event.progress > (this.#last?.progress ?? 0);
    this.#last = event;
    if (hasEnded(event.state)) this.#end(event);
    else if (progressed) this.#onProgress(event.progress);
  }

  gone(): void {
    if (this.#last) this.#end({ ...this.#last, state: 'cancelled' });
  }

  closing(): void {
    this.#fail(new GatewayStoppingError());
  }
}
