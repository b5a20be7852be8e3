import type { TaskEvent, Texts } from '@grok2api/contracts';
import { eventsText } from './reply/sse-stream.js';
import { eventsBetween, type TaskStreamContext } from './task-events.js';

interface Step {
  before: number;
  after: TaskEvent;
  texts: Texts;
  bytes: Buffer;
}

/**
 * Steps of tasks as they are sent, each made once for all of its readers: those of a task are told of an event one after
 * the other, and most of them were sent the same one before.
 */
export class TaskSteps {
  #last: Step | undefined;

  /** What happened between two views of a task, as the bytes of server-sent events; none when nothing did. */
  between(before: TaskEvent, after: TaskEvent, context: TaskStreamContext): Buffer {
    const { texts } = context;
    const last = this.#last;
    if (last && last.before === before.version && last.after === after && last.texts === texts) return last.bytes;
    const bytes = Buffer.from(eventsText(eventsBetween(before, after, context)));
    this.#last = { before: before.version, after, texts, bytes };
    return bytes;
  }
}
