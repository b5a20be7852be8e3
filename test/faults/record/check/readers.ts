import {
  type ClientEvent,
  eventsOf,
  groupBy,
  isEnd,
  type RecordedEvent,
  type State,
  type StreamEvent,
  type Violation,
} from '../events.js';

type Read = Extract<ClientEvent, { what: 'read' }>;

const RANK: Record<State, number> = { pending: 0, running: 1, completed: 2, failed: 2, cancelled: 2 };

/** What GET and the streams show never goes back, has one end, and is what the row says. */
export function checkReaders(record: readonly RecordedEvent[]): Violation[] {
  const ends = endsOf(record);
  const client = eventsOf(record, 'client');
  const reads = groupBy(
    client.filter((event) => event.what === 'read'),
    ({ task }) => task,
  );
  const streams = groupBy(eventsOf(record, 'stream'), ({ reader, task }) => `${task} at reader ${reader}`);
  return [
    ...client
      .filter((event) => event.what === 'accepted')
      .flatMap(({ task }) => checkOutcome(task, reads.get(task) ?? [], ends.get(task))),
    ...[...reads].flatMap(([task, all]) => checkReads(task, all)),
    ...[...streams].flatMap(([subject, events]) => checkStream(subject, events, ends)),
  ];
}

/** The state in which each task's row ended. */
function endsOf(record: readonly RecordedEvent[]): Map<string, State> {
  const ended = eventsOf(record, 'row').filter(({ row }) => isEnd(row.state));
  return new Map(ended.map(({ task, row }) => [task, row.state]));
}

function checkOutcome(task: string, reads: readonly Read[], end: State | undefined): Violation[] {
  const last = reads.find(({ final }) => final);
  if (last && last.status === end) return [];
  const found = last ? `GET says ${last.status}, the row ${end}` : 'it was not read in the end';
  return [{ rule: 'the outcome is readable', subject: task, found }];
}

function checkReads(task: string, reads: readonly Read[]): Violation[] {
  return reads.flatMap((read) => {
    // Of two that overlap either may be the older one.
    const earlier = reads.filter(({ at }) => at < read.begunAt);
    const newer = earlier.find(
      ({ status, progress }) =>
        RANK[status] > RANK[read.status] || progress > read.progress || (isEnd(status) && status !== read.status),
    );
    if (!newer) return [];
    const found = `${newer.status} at ${newer.progress} %, then ${read.status} at ${read.progress} %`;
    return [{ rule: 'what GET shows never goes back', subject: task, found }];
  });
}

function checkStream(subject: string, events: readonly StreamEvent[], ends: ReadonlyMap<string, State>): Violation[] {
  const faults: Violation[] = [];
  for (const [index, event] of events.entries()) {
    const before = events[index - 1];
    if (before && event.progress < before.progress) {
      const found = `${before.progress} %, then ${event.progress} %`;
      faults.push({ rule: 'progress of a stream never falls', subject, found });
    }
    if (before && (event.version ?? Number.POSITIVE_INFINITY) < (before.version ?? 0)) {
      const found = `version ${before.version}, then ${event.version}`;
      faults.push({ rule: 'versions of a stream rise', subject, found });
    }
    if (before && isEnd(before.type)) {
      faults.push({
        rule: 'nothing follows the end of a stream',
        subject,
        found: `${before.type}, then ${event.type}`,
      });
    }
    const end = ends.get(event.task);
    if (isEnd(event.type) && event.type !== end) {
      faults.push({ rule: 'a stream ends as its task', subject, found: `${event.type}, but the row is ${end}` });
    }
  }
  return faults;
}
