import type { ServerResponse } from 'node:http';

/** One event of a stream. */
export interface TimedEvent {
  /** When it is due, in milliseconds since the stream began; one that is late is sent at once. */
  at: number;
  /** What its `data:` line carries. */
  data: string;
}

/** Server-sent events and how they end: as they should, by a cut connection, or not at all. */
export interface EventStream {
  events: Iterable<TimedEvent>;
  end: 'complete' | 'cut' | 'stall';
}

/** Hears what becomes of a stream. */
export interface EventStreamWatch {
  /** An event was handed to the connection. */
  frame(): void;
  /** The connection is about to be destroyed. */
  cut(): void;
}

/** The first half of a stream's events, then half of the next line, and a cut. */
export function firstHalf({ events }: EventStream): EventStream & { broken: string } {
  const all = [...events];
  const middle = Math.floor(all.length / 2);
  const line = frameOf(all[middle]?.data ?? '');
  return { events: all.slice(0, middle), end: 'cut', broken: line.slice(0, line.length / 2) };
}

/**
 * Sends a stream below a head that was sent already. One timer waits for the next event, which is made only then; a
 * connection that takes no more is waited for. Returns when the stream ended or the caller left.
 * @throws whatever making an event throws
 */
export function sendEvents(
  response: ServerResponse,
  { events, end, broken = '' }: EventStream & { broken?: string },
  watch: EventStreamWatch,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const iterator = events[Symbol.iterator]();
    let timer: NodeJS.Timeout | undefined;
    let next: IteratorResult<TimedEvent, unknown> | undefined;

    const stop = () => {
      clearTimeout(timer);
      iterator.return?.();
      resolve();
    };
    const finish = () => {
      if (end === 'complete') response.end();
      else if (end === 'cut') {
        // An empty write ends when everything before it has left.
        response.write(broken, () => {
          if (!response.destroyed) watch.cut();
          response.destroy();
        });
      }
    };
    const pump = () => {
      for (;;) {
        next ??= iterator.next();
        if (next.done) return finish();
        const wait = began + next.value.at - performance.now();
        if (wait > 0) {
          timer = setTimeout(guarded, wait);
          return;
        }
        const takesMore = response.write(frameOf(next.value.data));
        watch.frame();
        next = undefined;
        if (!takesMore) {
          response.once('drain', guarded);
          return;
        }
      }
    };
    const guarded = () => {
      if (response.destroyed) return;
      try {
        pump();
      } catch (err) {
        reject(err);
      }
    };
    response.once('close', stop);
    guarded();
  });
}

function frameOf(data: string): string {
  return `data: ${data}\n\n`;
}
