import { suspicion } from '../../packages/task-engine/src/suspicion.js';
import { type Claim, ClaimLostError } from '../../packages/task-store/src/claims.js';
import { StoreUnavailableError } from '../../packages/task-store/src/database.js';
import type { Task } from '../../packages/task-store/src/task.js';
import type { Grant } from './grant-ledger.js';
import { CLAIM_TTL_MS, IMAGES, RUN_DEADLINE_MS, type Surroundings } from './surroundings.js';
import type { Steps, Worker } from './worker.js';

/** The task is not this worker's any more. */
class TaskLeftError extends Error {
  override readonly name = 'TaskLeftError';
}

const GONE_AFTER = 3;

/** One task in a worker's hands, from where its last worker left it to its end. */
export class WorkerTask {
  readonly #claim: Claim;
  #task: Task;
  #left = false;

  constructor(
    task: Task,
    token: string,
    private readonly worker: Worker,
    private readonly around: Surroundings,
  ) {
    this.#task = task;
    this.#claim = { taskId: task.id, token };
  }

  get id(): string {
    return this.#task.id;
  }

  /** The task is known to be another's, or nobody's. */
  leave(): void {
    this.#left = true;
  }

  /** Holds the claim a while longer, beside the work. */
  async renew(): Promise<void> {
    if (this.#left) return;
    const { database, fence } = this.around;
    try {
      await fence.write(this.#claim, () => database.claims.renew(this.#claim, CLAIM_TTL_MS));
    } catch (err) {
      if (!(err instanceof ClaimLostError)) throw err;
      this.leave();
    }
  }

  /** Brings the task on. The grant is its to release. */
  async *work(grant: Grant | undefined): Steps {
    try {
      const suspected = suspicion(this.#task);
      if (suspected.verdict === 'give up') {
        if (grant) this.around.grants.release(grant);
        yield* this.#fail(suspected.error.code);
        return;
      }
      if (this.around.kind === 'image') yield* this.#makeImages(grant);
      else yield* this.#makeVideo(grant);
    } catch (err) {
      if (!(err instanceof TaskLeftError)) throw err;
    }
  }

  async *#makeVideo(grant: Grant | undefined): Steps {
    const { claims } = this.around.database;
    if (this.#task.upstreamJobId === undefined) {
      if (this.#task.submitIntentAt) {
        yield* this.#fail('submit_outcome_unknown');
        return;
      }
      const jobId = yield* this.#create(grant, (credentialId) => claims.intend(this.#claim, credentialId));
      if (jobId === undefined) return;
      yield* this.#write(() => claims.submit(this.#claim, jobId));
    }
    yield* this.#follow();
  }

  async *#makeImages(grant: Grant | undefined): Steps {
    const { stored, tally, database } = this.around;
    const { claims } = database;
    if (this.#task.submitIntentAt) {
      const found = stored.get(this.id) ?? 0;
      if (found > 0) {
        tally.add('stored images found');
        yield* this.#complete(found);
        return;
      }
      if (this.#task.credentialId !== undefined) {
        yield* this.#fail('submit_outcome_unknown');
        return;
      }
    }
    const answered = yield* this.#create(grant, (credentialId) => claims.begin(this.#claim, credentialId));
    if (answered === undefined) return;
    for (let made = 1; made <= IMAGES; made++) {
      yield;
      this.#throwIfLeft();
      stored.set(this.id, made);
      const progress = Math.min(99, Math.floor((100 * made) / IMAGES));
      yield* this.#write(() => claims.advance(this.#claim, progress, CLAIM_TTL_MS));
    }
    yield* this.#complete(IMAGES);
  }

  #complete(images: number): Steps {
    const media = Array.from({ length: images }, (_, index) => `${this.id}-${index}.jpg`);
    return this.#lastWrite(() => this.around.database.claims.complete(this.#claim, { media }, undefined));
  }

  /** Asks the upstream until it takes the task, and tells what it calls it; undefined when the task has ended or was handed back. */
  async *#create(
    firstGrant: Grant | undefined,
    record: (credentialId: string) => Promise<Task>,
  ): Steps<string | undefined> {
    const { database, grants, upstream, tally } = this.around;
    const { claims } = database;
    let grant = firstGrant;
    try {
      for (;;) {
        grant ??= yield* this.#acquire();
        if (!grant) {
          yield* this.#handBack();
          return undefined;
        }
        const { credentialId } = grant;
        yield* this.#write(() => record(credentialId));
        const luck = yield;
        this.#throwIfLeft();
        const answer = upstream.create(this.id, credentialId, luck, this.around.now());
        // The answer takes its time, in which the worker may die or lose the task.
        yield;
        this.#throwIfLeft();
        if (answer.heard === 'job') return answer.jobId;
        if (answer.heard !== 'refusal') {
          yield* this.#fail(answer.heard === 'nothing' ? 'submit_outcome_unknown' : 'upstream_rejected');
          return undefined;
        }
        yield* this.#write(() => claims.retract(this.#claim));
        tally.add('refusals retracted');
        grants.release(grant);
        grant = undefined;
      }
    } finally {
      if (grant) grants.release(grant);
    }
  }

  async *#acquire(): Steps<Grant | undefined> {
    while (!this.worker.stopping) {
      yield;
      this.#throwIfLeft();
      const grant = this.around.grants.acquire(this.worker.name, [this.#task.upstreamModel], this.around.now());
      if (grant) return grant;
    }
    return undefined;
  }

  async *#follow(): Steps {
    const { database, upstream } = this.around;
    const { upstreamJobId = '', credentialId = '' } = this.#task;
    const deadline = (this.#task.startedAt?.getTime() ?? this.around.now()) + RUN_DEADLINE_MS;
    let gone = 0;
    for (;;) {
      const luck = yield;
      if (this.worker.stopping) {
        yield* this.#handBack();
        return;
      }
      if (this.around.now() > deadline) {
        yield* this.#fail('task_timeout');
        return;
      }
      this.#throwIfLeft();
      const answer = upstream.poll(upstreamJobId, credentialId, luck, this.around.now());
      if (answer.heard === 'fault') continue;
      gone = answer.heard === 'gone' ? gone + 1 : 0;
      if (gone >= GONE_AFTER || answer.heard === 'failed') {
        yield* this.#fail('upstream_error');
        return;
      }
      if (answer.heard === 'progress') {
        yield* this.#write(() => database.claims.advance(this.#claim, Math.min(answer.progress, 99), CLAIM_TTL_MS));
      }
      if (answer.heard !== 'done') continue;
      // The download.
      yield;
      this.#throwIfLeft();
      yield* this.#lastWrite(() => database.claims.complete(this.#claim, { media: [`${this.id}.mp4`] }, undefined));
      return;
    }
  }

  async *#handBack(): Steps {
    yield* this.#lastWrite(() => this.around.database.claims.handBack(this.#claim));
    this.around.tally.add('tasks handed back');
    this.around.sendWakeUp();
  }

  #fail(code: string): Steps {
    return this.#lastWrite(() => this.around.database.claims.fail(this.#claim, { code, message: code }));
  }

  #write(write: () => Promise<Task>): Steps {
    return this.#untilKnown(() => this.around.fence.write(this.#claim, write));
  }

  #lastWrite(write: () => Promise<Task>): Steps {
    return this.#untilKnown(() => this.around.fence.lastWrite(this.#claim, write));
  }

  /** Writes again and again until the outcome is known. */
  async *#untilKnown(write: () => Promise<Task>): Steps {
    for (;;) {
      this.#throwIfLeft();
      try {
        this.#task = yield* this.worker.call(write);
        return;
      } catch (err) {
        if (err instanceof ClaimLostError) {
          this.leave();
          throw new TaskLeftError();
        }
        if (!(err instanceof StoreUnavailableError)) throw err;
      }
    }
  }

  #throwIfLeft(): void {
    if (this.#left) throw new TaskLeftError();
  }
}
