import { BrokenPromiseError } from './broken-promise-error.js';
import { OwnerTurns } from './owner-turns.js';
import type { Surroundings } from './surroundings.js';
import type { Ask } from './upstream.js';
import type { Change, ToldEnd } from './virtual-database.js';

/** What is known of a run that has ended. */
export interface Run {
  /** Every write to a row, in order. */
  history: readonly Change[];
  /** Ids of the tasks whose create was answered. */
  accepted: readonly string[];
  /** Every callback; each task names an address. */
  callbacks: readonly ToldEnd[];
  asks: readonly Ask[];
  /** Whether statements ran at the same time. */
  concurrent: boolean;
  around: Pick<Surroundings, 'kind' | 'stored' | 'ownerMaxRunning' | 'selections' | 'tally'>;
}

const FORWARD: Record<Change['state'], readonly Change['state'][]> = {
  pending: ['pending', 'running', 'failed', 'cancelled'],
  running: ['running', 'completed', 'failed', 'cancelled'],
  completed: ['completed'],
  failed: ['failed'],
  cancelled: ['cancelled'],
};

/** Everything that always holds, looked for in what happened. @throws BrokenPromiseError */
export function checkPromises(run: Run): void {
  const rows = new Map<string, Change>();
  const turns = new OwnerTurns(run);
  for (const change of run.history) {
    const before = rows.get(change.id);
    if (change.what === 'written') {
      if (before) checkStep(before, change);
      rows.set(change.id, change);
    }
    turns.see(before, change);
  }
  for (const id of run.accepted) {
    const last = rows.get(id);
    if (!last) throw new BrokenPromiseError(`${id} was accepted and is lost`);
    checkEnd(last, run);
  }
  checkCallbacks([...rows.values()], run);
}

function checkStep(before: Change, after: Change): void {
  const { id } = after;
  const step = `${id} v${before.version} ${before.state} ${before.progress} → v${after.version} ${after.state} ${after.progress}`;
  if (!FORWARD[before.state].includes(after.state)) throw new BrokenPromiseError(`backwards: ${step}`);
  if (after.progress < before.progress) throw new BrokenPromiseError(`progress fell: ${step}`);
  const seen = before.state !== after.state || before.progress !== after.progress || before.deleted !== after.deleted;
  // The version counts what a reader can see, and nothing else.
  if (after.version !== before.version + (seen ? 1 : 0)) throw new BrokenPromiseError(`wrong version: ${step}`);
  if (isStolen(before, after)) throw new BrokenPromiseError(`a live claim was taken: ${step}`);
  if (before.upstreamJobId !== null && after.upstreamJobId !== before.upstreamJobId) {
    throw new BrokenPromiseError(`${id} changed its job`);
  }
}

function isStolen(before: Change, after: Change): boolean {
  if (before.claimToken === null || after.claimToken === null || before.claimToken === after.claimToken) return false;
  return (before.claimExpiresAt ?? 0) >= after.at;
}

/** Each end is told once, as what it was, and nothing else is. */
function checkCallbacks(tasks: readonly Change[], { callbacks, around: { kind } }: Run): void {
  const ends = tasks.filter(({ state }) => state !== 'pending' && state !== 'running');
  const wanted = ends.map(({ id, state }) => `${id} ${kind}.task.${state}`).toSorted();
  const told = callbacks.map(({ taskId, type }) => `${taskId} ${type}`).toSorted();
  if (wanted.join() !== told.join()) {
    throw new BrokenPromiseError(`told is ${told.join(', ')} instead of ${wanted.join(', ')}`);
  }
}

function checkEnd(last: Change, { asks, around: { kind, stored, tally } }: Run): void {
  const { id, state } = last;
  if (state === 'pending' || state === 'running') throw new BrokenPromiseError(`${id} is ${state} for ever`);
  tally.add(`ended ${last.errorCode ?? state}`);
  const own = asks.filter(({ taskId }) => taskId === id);
  const unproven = own.filter(({ refused }) => !refused);
  if (unproven.length > 1) throw new BrokenPromiseError(`the upstream was asked ${unproven.length} times for ${id}`);
  // Only the last ask may be one without proof that it did not count.
  if (unproven.length === 1 && own.at(-1) !== unproven[0]) throw new BrokenPromiseError(`${id} was asked for again`);
  if (last.upstreamJobId !== null) {
    const made = own.find(({ jobId }) => jobId === last.upstreamJobId);
    if (made?.credentialId !== last.credentialId) throw new BrokenPromiseError(`${id} has another's job`);
  }
  const made = kind === 'video' ? last.upstreamJobId !== null : stored.has(id);
  if (state === 'completed' && !made) throw new BrokenPromiseError(`${id} completed without anything made`);
  // Images that were stored by who had the task are the result: only a deadline comes before them.
  const late = last.errorCode === 'queue_timeout' || last.errorCode === 'task_timeout';
  if (kind === 'image' && state === 'failed' && last.progress > 0 && !late) {
    throw new BrokenPromiseError(`${id} failed as ${last.errorCode} with images in the store`);
  }
}
