import { eventsOf, groupBy, isEnd, type RecordedEvent, type Row, type RowEvent, type Violation } from '../events.js';

/** How far a state is from the beginning. */
const RANK = { pending: 0, running: 1, completed: 2, failed: 2, cancelled: 2 } as const;

/** Every accepted task has a row, which goes forward to exactly one end, by the hands of who has the claim. */
export function checkTasks(record: readonly RecordedEvent[]): Violation[] {
  const rows = groupBy(eventsOf(record, 'row'), ({ task }) => task);
  const accepted = eventsOf(record, 'client').filter((event) => event.what === 'accepted');
  return [
    ...accepted
      .filter(({ task }) => !rows.has(task))
      .map(({ task }) => ({ rule: 'what is accepted has a row', subject: task, found: 'none was ever written' })),
    ...[...rows].flatMap(([task, changes]) => [...checkEnd(task, changes), ...checkChanges(task, changes)]),
  ];
}

function checkEnd(task: string, changes: readonly RowEvent[]): Violation[] {
  const ends = changes.filter(({ row }, index) => isEnd(row.state) && !isEnd(changes[index - 1]?.row.state ?? ''));
  if (ends.length === 1) return [];
  const found = ends.length === 0 ? `it is ${changes.at(-1)?.row.state}` : ends.map(({ row }) => row.state).join();
  return [{ rule: 'a task reaches one end', subject: task, found }];
}

function checkChanges(task: string, changes: readonly RowEvent[]): Violation[] {
  return changes.flatMap((change, index) => {
    const before = changes[index - 1];
    if (!before || change.op === 'DELETE') return [];
    return faultsOf(before.row, change).map(([rule, found]) => ({ rule, subject: task, found }));
  });
}

/** What of a row is final once it has ended. */
const FINAL = ['state', 'progress', 'result', 'errorCode', 'upstreamJobId', 'claimToken'] as const;
/** What a reader sees of a row. */
const SEEN = ['state', 'progress', 'result', 'errorCode'] as const;

function faultsOf(before: Row, { row: after, at }: RowEvent): (readonly [rule: string, found: string])[] {
  const changed = (columns: readonly (keyof Row)[]) => columns.filter((column) => before[column] !== after[column]);
  const shown = (columns: readonly (keyof Row)[]) =>
    columns.map((column) => `${column} ${before[column]} became ${after[column]}`).join(', ');
  const faults: (readonly [string, string])[] = [];
  const late = isEnd(before.state) ? changed(FINAL) : [];
  if (late.length > 0) faults.push(['nothing is written after the end', shown(late)]);
  if (RANK[after.state] < RANK[before.state]) faults.push(['a state never goes back', shown(['state'])]);
  if (after.progress < before.progress) faults.push(['progress never falls', shown(['progress'])]);
  if (after.version < before.version) faults.push(['a version never falls', shown(['version'])]);
  const seen = changed(SEEN);
  if (seen.length > 0 && after.version === before.version) {
    faults.push(['what a reader sees has a version of its own', shown(seen)]);
  }
  if (before.upstreamJobId !== null && after.upstreamJobId !== before.upstreamJobId) {
    faults.push(['the upstream job of a task stays', shown(['upstreamJobId'])]);
  }
  if (before.claimToken === null && isWorkersWrite(before, after)) {
    faults.push(['only who has the claim writes', shown(changed([...FINAL, 'submitIntentAt']))]);
  }
  const isTaken = before.claimToken !== null && after.claimToken !== null && before.claimToken !== after.claimToken;
  if (isTaken && before.claimExpiresAt !== null && before.claimExpiresAt > at) {
    faults.push([
      'a claim that lasts is not taken over',
      `${after.claimWorker} took it ${Math.round(before.claimExpiresAt - at)} ms before ${before.claimWorker} lost it`,
    ]);
  }
  return faults;
}

function isWorkersWrite(before: Row, after: Row): boolean {
  return (
    before.submitIntentAt !== after.submitIntentAt ||
    before.upstreamJobId !== after.upstreamJobId ||
    before.progress !== after.progress ||
    (before.state !== 'completed' && after.state === 'completed')
  );
}
