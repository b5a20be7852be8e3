import { eventsOf, groupBy, isEnd, type RecordedEvent, type Violation } from '../events.js';

/** One worker says that it has ended a task, at most: the one that had the claim when the row ended. */
export function checkWorkers(record: readonly RecordedEvent[]): Violation[] {
  const holders = new Map<string, string | null>();
  for (const [task, changes] of groupBy(eventsOf(record, 'row'), ({ task }) => task)) {
    const end = changes.findIndex(({ row }) => isEnd(row.state));
    const before = changes[end - 1];
    if (before) holders.set(task, before.row.claimWorker);
  }
  const said = eventsOf(record, 'worker').filter(({ what }) => what === 'completed' || what === 'failed');
  return [...groupBy(said, ({ task }) => task)].flatMap(([task, ends]) => {
    const found = ends.map(({ worker, what }) => `${what} by ${worker}`).join(', ');
    if (ends.length > 1) return [{ rule: 'one worker ends a task', subject: task, found }];
    const wrong = ends.some(({ worker }) => worker !== holders.get(task));
    if (!wrong) return [];
    return [{ rule: 'who has the claim ends the task', subject: task, found: `${found}, had by ${holders.get(task)}` }];
  });
}
