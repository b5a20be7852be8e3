import { type Claim, ClaimLostError } from '../../packages/task-store/src/claims.js';
import type { Task } from '../../packages/task-store/src/task.js';
import { BrokenPromiseError } from './broken-promise-error.js';

/** Knows which claims are lost beyond doubt, and that nothing may be written with one of those. */
export class Fence {
  readonly #holders = new Map<string, string>();
  readonly #lost = new Set<string>();
  /** Writes with a claim that was known to be lost, all of them refused. */
  refused = 0;

  /** A task was claimed: whoever had it before has lost it. */
  claimed(taskId: string, token: string): void {
    this.ended(taskId);
    this.#holders.set(taskId, token);
  }

  /** Nobody has the task any more. */
  ended(taskId: string): void {
    const holder = this.#holders.get(taskId);
    if (holder !== undefined) this.#lost.add(holder);
    this.#holders.delete(taskId);
  }

  /** A fenced write that leaves the claim as it is. @throws BrokenPromiseError, or what the write threw */
  async write(claim: Claim, write: () => Promise<Task>): Promise<Task> {
    const late = this.#lost.has(claim.token);
    try {
      const task = await write();
      if (late) throw new BrokenPromiseError(`a write with a lost claim changed ${claim.taskId}`);
      return task;
    } catch (err) {
      if (late && err instanceof ClaimLostError) this.refused++;
      throw err;
    }
  }

  /** A fenced write that gives the claim up. @throws BrokenPromiseError, or what the write threw */
  async lastWrite(claim: Claim, write: () => Promise<Task>): Promise<Task> {
    const task = await this.write(claim, write);
    this.#lost.add(claim.token);
    if (this.#holders.get(claim.taskId) === claim.token) this.#holders.delete(claim.taskId);
    return task;
  }
}
