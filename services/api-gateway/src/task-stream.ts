import { hasEnded, type TaskEvent } from '@grok2api/contracts';
import { type Task, toTaskEvent } from '@grok2api/task-store';
import type { SseStream } from './reply/sse-stream.js';
import { snapshotEvent, type TaskStreamContext } from './task-events.js';
import type { TaskReader } from './task-feed.js';
import type { TaskSteps } from './task-steps.js';

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
