import { StoreUnavailableError } from '../../packages/task-store/src/database.js';
import type { FreshSelection } from '../../packages/task-store/src/queue.js';
import { BrokenPromiseError } from './broken-promise-error.js';
import { Fence } from './fence.js';
import { GRANT_TTL_MS, GrantLedger } from './grant-ledger.js';
import { lossyCall } from './lossy-call.js';
import type { Move, Plan } from './moves.js';
import { checkPromises } from './promises.js';
import { QUEUE_DEADLINE_MS, RUN_DEADLINE_MS, type Surroundings, UPSTREAM_MODELS } from './surroundings.js';
import type { Tally } from './tally.js';
import { Upstream } from './upstream.js';
import type { VirtualDatabase } from './virtual-database.js';
import { Worker } from './worker.js';

interface KnownTask {
  id: string;
  owner: string;
  upstreamModel: string;
  /** Its create was answered. */
  accepted: boolean;
  deleted: boolean;
}

const START = Date.UTC(2030, 0, 1);
const RETENTION_MS = 24 * 3_600_000;
const SETTLING_TICK_MS = 5_000;
const STEPS_OF_A_TICK = 6;
/** While all is well a claim runs out, and the longest job ends, long before any deadline. */
const SETTLING_MS = 150_000;

/** Clients, workers, the reconciler, the upstream and the token pool, around the store's own code. */
export class Simulation implements Surroundings {
  readonly upstream = new Upstream();
  readonly grants = new GrantLedger();
  readonly fence = new Fence();
  readonly selections = new Map<string, FreshSelection>();
  readonly ownerMaxRunning: number;
  readonly #workers: Worker[];
  readonly #tasks: KnownTask[] = [];
  #now = START;
  #wakeUps = 0;
  #tokens = 0;
  #processes = 0;

  constructor(
    readonly database: VirtualDatabase,
    readonly tally: Tally,
    private readonly plan: Plan,
  ) {
    this.ownerMaxRunning = plan.ownerMaxRunning;
    this.#workers = Array.from({ length: plan.workers }, () => this.#newWorker());
  }

  /** Everything in the plan, then peace until every task has ended. @throws BrokenPromiseError */
  async run(concurrent: boolean): Promise<void> {
    await this.database.begin(this.#now);
    for (const move of this.plan.moves) {
      await this.#perform(move);
      this.#checkGrants();
    }
    await this.#settle();
    const history = await this.database.history();
    const accepted = this.#tasks.filter((task) => task.accepted).map(({ id }) => id);
    checkPromises({ history, accepted, asks: this.upstream.asks, concurrent, around: this });
    await this.#checkReadable();
    this.tally.add('late writes refused', this.fence.refused);
  }

  now(): number {
    return this.#now;
  }

  newToken(): string {
    return `00000000-0000-4000-8000-${String(++this.#tokens).padStart(12, '0')}`;
  }

  takeWakeUp(): boolean {
    if (this.#wakeUps === 0) return false;
    this.#wakeUps--;
    return true;
  }

  sendWakeUp(): void {
    this.#wakeUps++;
  }

  async #perform(move: Move): Promise<void> {
    switch (move.move) {
      case 'step':
        for (const luck of move.luck) await this.#step(move.worker, luck);
        return;
      case 'all step':
        await Promise.all(this.#workers.map((_, index) => this.#step(index, move.luck[index] ?? 0)));
        return;
      case 'time passes':
        return this.#passTime(move.ms);
      case 'kill':
        this.#replace(move.worker);
        return this.#passTime(move.ms);
      case 'freeze':
        this.#worker(move.worker).frozen = true;
        return this.#passTime(move.ms);
      case 'thaw':
        this.#worker(move.worker).frozen = false;
        return;
      case 'terminate':
        this.#worker(move.worker).stopping = true;
        return;
      case 'create':
        return this.#create(move.owner, move.model, move.luck);
      case 'create again': {
        const task = this.#task(move.task);
        return task && !task.deleted ? this.#tryCreate(task, move.luck) : undefined;
      }
      case 'cancel':
        return this.#cancel(move.task, move.told);
      case 'delete':
        return this.#delete(move.task, move.told);
      case 'reconcile':
        return this.#reconcile();
      case 'wake-ups are delivered again':
        this.#wakeUps += move.count;
        return;
      case 'wake-ups are lost':
        this.#wakeUps = 0;
        return;
      case 'the database restarts':
        await this.database.restart();
        for (const worker of this.#workers) worker.disconnect();
    }
  }

  async #step(index: number, luck: number): Promise<void> {
    const worker = this.#worker(index);
    if (worker.frozen) return;
    await worker.step(luck);
    if (worker.gone) this.#replace(index);
  }

  /** Processes that are not frozen have renewed all the while what they hold; nobody else did anything. */
  async #passTime(ms: number): Promise<void> {
    const since = this.#now;
    this.#now += ms;
    await this.database.setTime(this.#now);
    for (const worker of this.#workers) if (!worker.frozen) await worker.renew(since);
  }

  async #create(owner: number, model: number, luck: number): Promise<void> {
    const task: KnownTask = {
      id: `task-${this.#tasks.length}`,
      owner: `owner-${owner % this.plan.owners}`,
      upstreamModel: UPSTREAM_MODELS[model] ?? UPSTREAM_MODELS[0],
      accepted: false,
      deleted: false,
    };
    this.#tasks.push(task);
    await this.#tryCreate(task, luck);
  }

  async #tryCreate(task: KnownTask, luck: number): Promise<void> {
    const { id, owner, upstreamModel } = task;
    const params = { aspect_ratio: '16:9', video_length: 6, resolution: '480p', preset: 'normal' } as const;
    const row = { id, kind: 'video', owner, model: upstreamModel, upstreamModel, prompt: id, params } as const;
    try {
      const create = () => this.database.tasks.create({ ...row, origin: 'https://host', callbackUrl: undefined });
      await lossyCall(luck, create);
      task.accepted = true;
      this.sendWakeUp();
    } catch (err) {
      if (!(err instanceof StoreUnavailableError)) throw err;
    }
  }

  async #cancel(index: number, told: boolean): Promise<void> {
    const task = this.#task(index);
    if (!task) return;
    const cancelled = await this.database.tasks.cancel(task.id);
    if (!cancelled) return;
    this.tally.add('open tasks cancelled');
    this.#ended(task.id, told);
  }

  async #delete(index: number, told: boolean): Promise<void> {
    const task = this.#task(index);
    if (!task?.accepted || task.deleted) return;
    for await (const batch of this.database.tasks.delete('video', task.owner, { ids: [task.id] })) {
      for (const { id } of batch) this.#ended(id, told);
    }
    task.deleted = true;
  }

  async #reconcile(): Promise<void> {
    const { upkeep } = this.database;
    const deadlines = { queueMs: QUEUE_DEADLINE_MS, runMs: RUN_DEADLINE_MS };
    const overdue = await upkeep.endOverdue('video', deadlines, {
      queue: { code: 'queue_timeout', message: 'queue_timeout' },
      run: { code: 'task_timeout', message: 'task_timeout' },
    });
    for (const { id } of overdue) this.#ended(id, true);
    this.tally.add('overdue tasks ended', overdue.length);
    this.#wakeUps = Math.max(this.#wakeUps, await upkeep.countClaimable('video', 1_000));
    await upkeep.forgetIdleOwners('video');
    await upkeep.removeOld(RETENTION_MS);
  }

  /** Somebody else than its worker ended a task; the worker may be told. */
  #ended(taskId: string, told: boolean): void {
    this.fence.ended(taskId);
    if (told) for (const worker of this.#workers) worker.cancelled(taskId);
  }

  /** Nothing goes wrong any more: whatever was accepted has to end. */
  async #settle(): Promise<void> {
    for (const task of this.#tasks) if (!task.accepted) await this.#tryCreate(task, 0);
    for (const worker of this.#workers) worker.frozen = false;
    const deadline = this.#now + SETTLING_MS;
    while ((await this.#open()).length > 0) {
      if (this.#now > deadline) throw new BrokenPromiseError(`never ended: ${(await this.#open()).join(', ')}`);
      await this.#passTime(SETTLING_TICK_MS);
      await this.#reconcile();
      for (let round = 0; round < STEPS_OF_A_TICK; round++) {
        for (const [index] of this.#workers.entries()) {
          await this.#step(index, 0);
          this.#checkGrants();
        }
      }
    }
    // What dead processes had been granted runs out; those that live have nothing to do.
    await this.#passTime(GRANT_TTL_MS);
    for (const [index] of this.#workers.entries()) for (let step = 0; step < 3; step++) await this.#step(index, 0);
    const held = this.grants
      .at(this.#now)
      .filter(({ holder }) => !this.#workers.some(({ name, atWork }) => name === holder && atWork));
    if (held.length > 0) throw new BrokenPromiseError(`orphan grants: ${JSON.stringify(held)}`);
  }

  async #open(): Promise<string[]> {
    const tasks = await this.database.tasks.getMany(this.#tasks.map(({ id }) => id));
    return tasks.filter(({ state }) => state === 'pending' || state === 'running').map(({ id }) => id);
  }

  /** A grant that counts belongs to a process that works, or died less than a grant's life ago. */
  #checkGrants(): void {
    for (const { holder } of this.grants.at(this.#now)) {
      const worker = this.#workers.find(({ name }) => name === holder);
      if (worker && !worker.atWork) throw new BrokenPromiseError(`${holder} does nothing and holds a grant`);
    }
  }

  /** Every end is what `GET` says. */
  async #checkReadable(): Promise<void> {
    const read = await this.database.tasks.getMany(this.#tasks.map(({ id }) => id));
    const missing = this.#tasks.filter(({ id, deleted }) => !deleted && !read.some((task) => task.id === id));
    if (missing.length > 0) throw new BrokenPromiseError(`cannot be read: ${missing.map(({ id }) => id).join(', ')}`);
  }

  #worker(index: number): Worker {
    const worker = this.#workers[index % this.#workers.length];
    if (!worker) throw new Error('there is no worker');
    return worker;
  }

  #task(index: number): KnownTask | undefined {
    return this.#tasks[index % this.#tasks.length];
  }

  #replace(index: number): void {
    this.#workers[index % this.#workers.length] = this.#newWorker();
  }

  #newWorker(): Worker {
    return new Worker(`worker-${this.#processes++}`, this);
  }
}
