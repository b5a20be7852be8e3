import { StoreUnavailableError } from '../../packages/task-store/src/database.js';
import type { Grant } from './grant-ledger.js';
import { lossyCall } from './lossy-call.js';
import { CLAIM_TTL_MS, type Surroundings, UPSTREAM_MODELS } from './surroundings.js';
import { WorkerTask } from './worker-task.js';

/** Something that goes on one step at a time. Each step is given its luck, 0 to 99; 0 is the best. */
export type Steps<T = void> = AsyncGenerator<undefined, T, number>;

const IDLE_LOOK_MS = 5_000;

/**
 * A worker process with one slot, by the protocol of the real one. Between two steps it can be killed, which is to
 * call `step` no more, and stopped, which is to call it much later.
 */
export class Worker {
  /** Asked to end, as by SIGTERM. */
  stopping = false;
  /** Stopped, as by SIGSTOP. */
  frozen = false;
  /** It ended by itself. */
  gone = false;
  /** Between having looked for work and having nothing to do again. */
  atWork = false;
  #steps: Steps | undefined;
  #task: WorkerTask | undefined;
  #nextLook = 0;
  #storeAwayAt = Number.NEGATIVE_INFINITY;
  #failNext = false;

  constructor(
    readonly name: string,
    private readonly around: Surroundings,
  ) {}

  /** Goes on to its next pause. Two calls do not overlap. */
  async step(luck: number): Promise<void> {
    if (!this.#steps) {
      this.#steps = this.#run();
      await this.#steps.next(0);
    }
    const { done } = await this.#steps.next(luck);
    this.gone = done === true;
  }

  /** Does what its timers have done in the background since a time. */
  async renew(since: number): Promise<void> {
    this.around.grants.renewAllOf(this.name, since, this.around.now());
    await this.#task?.renew();
  }

  /** Hears that a task was cancelled. */
  cancelled(taskId: string): void {
    if (this.#task?.id === taskId) this.#task.leave();
  }

  /** Its connections to the database broke: the next call fails. */
  disconnect(): void {
    this.#failNext = true;
  }

  async *#run(): Steps {
    while (!this.stopping) {
      yield;
      const woken = this.around.now() >= this.#nextLook || this.around.takeWakeUp();
      if (!woken || this.stopping) continue;
      this.#nextLook = this.around.now() + IDLE_LOOK_MS;
      this.atWork = true;
      try {
        let worked = true;
        while (worked && !this.stopping) worked = yield* this.#takeOne();
      } catch (err) {
        if (!(err instanceof StoreUnavailableError)) throw err;
        this.#storeAwayAt = this.around.now();
      } finally {
        this.atWork = false;
      }
    }
  }

  async *#takeOne(): Steps<boolean> {
    const { kind, database, fence, grants, ownerMaxRunning, selections, tally } = this.around;
    const any = yield* this.call(() => database.queue.anyClaimable(kind));
    if (!any) return false;

    const claimant = { kind, worker: this.name, token: this.around.newToken(), ttlMs: CLAIM_TTL_MS };
    const { token } = claimant;
    const begun = yield* this.call(async () => {
      const task = await database.queue.claimBegun(claimant, this.#mayTakeOver);
      if (task) fence.claimed(task.id, token);
      return task;
    });
    if (begun) {
      tally.add('begun tasks claimed');
      yield* this.#work(new WorkerTask(begun, token, this, this.around), undefined);
      return true;
    }

    const models = (yield) % 10 >= 7 ? UPSTREAM_MODELS.slice(0, 1) : UPSTREAM_MODELS;
    const grant = grants.acquire(this.name, models, this.around.now());
    if (!grant) return false;
    let fresh: WorkerTask | undefined;
    try {
      const selection = { upstreamModels: models, ownerMaxRunning, takeOver: this.#mayTakeOver };
      selections.set(token, selection);
      const claimed = yield* this.call(async () => {
        const task = await database.queue.claimFresh(claimant, selection);
        if (task) fence.claimed(task.id, token);
        return task;
      });
      if (claimed) fresh = new WorkerTask(claimed, token, this, this.around);
    } finally {
      if (!fresh) grants.release(grant);
    }
    if (!fresh) return false;
    tally.add('fresh tasks claimed');
    yield* this.#work(fresh, grant);
    return true;
  }

  async *#work(task: WorkerTask, grant: Grant | undefined): Steps {
    this.#task = task;
    try {
      yield* task.work(grant);
    } finally {
      this.#task = undefined;
    }
  }

  /** One call to the database, as a step of its own. */
  async *call<T>(call: () => Promise<T>): Steps<T> {
    const luck = yield;
    const failing = this.#failNext;
    this.#failNext = false;
    try {
      return await lossyCall(failing ? 99 : luck, call);
    } catch (err) {
      if (err instanceof StoreUnavailableError) this.#storeAwayAt = this.around.now();
      throw err;
    }
  }

  get #mayTakeOver(): boolean {
    return this.around.now() - this.#storeAwayAt > CLAIM_TTL_MS;
  }
}
