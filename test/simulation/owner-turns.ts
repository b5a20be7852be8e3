import { BrokenPromiseError } from './broken-promise-error.js';
import type { Run } from './promises.js';
import type { Change } from './virtual-database.js';

/** Follows a run's writes and checks how owners share the workers. */
export class OwnerTurns {
  readonly #rows = new Map<string, Change>();
  /** At which write an owner was last served. */
  readonly #served = new Map<string, number>();
  #writes = 0;

  constructor(private readonly run: Run) {}

  /** The next write, and the task's row before it. @throws BrokenPromiseError */
  see(before: Change | undefined, change: Change): void {
    this.#writes++;
    if (change.what === 'owner forgotten') {
      this.#served.delete(change.owner);
      return;
    }
    if (change.what === 'removed') {
      this.#rows.delete(change.id);
      return;
    }
    const begunByNobody = change.state === 'pending' && !change.intended;
    const claimed = change.claimToken !== null && change.claimToken !== before?.claimToken;
    if (claimed && begunByNobody) this.#checkTurn(change, change.claimToken);
    this.#rows.set(change.id, change);
    this.#checkLimit(change);
  }

  #checkLimit({ owner, at, id }: Change): void {
    const { ownerMaxRunning } = this.run.around;
    if (ownerMaxRunning === 0) return;
    const busy = this.#busy(owner, at);
    if (busy.length <= ownerMaxRunning || !busy.some((task) => task.id === id)) return;
    throw new BrokenPromiseError(
      `${owner} has ${busy.length} tasks at work: ${busy.map((task) => task.id).join(', ')}`,
    );
  }

  /** An owner is not served twice while another one's task waits. */
  #checkTurn(claim: Change, token: string | null): void {
    const { run } = this;
    const last = this.#served.get(claim.owner);
    this.#served.set(claim.owner, this.#writes);
    const selection = run.around.selections.get(token ?? '');
    // Claims at the same time do not know of each other.
    if (run.concurrent || last === undefined || !selection) return;
    for (const { owner, upstreamModel, ...row } of this.#rows.values()) {
      if (owner === claim.owner || row.state !== 'pending' || row.intended || row.claimToken !== null) continue;
      if (!selection.upstreamModels.includes(upstreamModel)) continue;
      if (run.around.ownerMaxRunning > 0 && this.#held(owner) >= run.around.ownerMaxRunning) continue;
      if ((this.#served.get(owner) ?? -1) < last) {
        throw new BrokenPromiseError(`${claim.owner} was served again while ${row.id} of ${owner} waited`);
      }
    }
  }

  /** The owner's tasks that somebody works on, or that may be at the upstream. */
  #busy(owner: string, at: number): Change[] {
    return [...this.#rows.values()].filter(
      (row) =>
        row.owner === owner &&
        (row.state === 'pending' || row.state === 'running') &&
        (row.intended || (row.claimExpiresAt !== null && row.claimExpiresAt >= at)),
    );
  }

  /** The owner's tasks that somebody works on or may come back to. */
  #held(owner: string): number {
    return this.#busy(owner, Number.NEGATIVE_INFINITY).length;
  }
}
