import { eventsOf, type GrantEvent, groupBy, type RecordedEvent, type Violation } from '../events.js';

/** The slots of a credential that are granted, and not past their time, are never more than its limit (0: none is set). */
export function checkGrants(record: readonly RecordedEvent[], limit: number): Violation[] {
  if (limit === 0) return [];
  return [...groupBy(eventsOf(record, 'grant'), ({ credential }) => credential)].flatMap(([credential, changes]) => {
    const most = mostAtATime(changes);
    if (most <= limit) return [];
    return [{ rule: 'grants stay within the limit', subject: credential, found: `${most} slots of ${limit}` }];
  });
}

function mostAtATime(changes: readonly GrantEvent[]): number {
  const held = new Map<string, GrantEvent>();
  let most = 0;
  for (const change of changes) {
    if (change.op === 'DELETE') held.delete(change.id);
    else held.set(change.id, change);
    const live = [...held.values()].filter(({ expiresAt }) => expiresAt > change.at);
    most = Math.max(
      most,
      live.reduce((sum, { slots }) => sum + slots, 0),
    );
  }
  return most;
}
