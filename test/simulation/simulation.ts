import type { TaskKind } from '../../packages/contracts/src/task.js';
import type { FreshSelection } from '../../packages/task-store/src/queue.js';
import { BrokenPromiseError } from './broken-promise-error.js';
import { Clients } from './clients.js';
import { Fence } from './fence.js';
import { GRANT_TTL_MS, GrantLedger } from './grant-ledger.js';
import type { Move, Plan } from './moves.js';
import { checkPromises } from './promises.js';
import { QUEUE_DEADLINE_MS, RUN_DEADLINE_MS, type Surroundings } from './surroundings.js';
import type { Tally } from './tally.js';
import { Upstream } from './upstream.js';
import type { VirtualDatabase } from './virtual-database.js';
import { Worker } from './worker.js';

const START = Date.UTC(2030, 0, 1);
const RETENTION_MS = 24 * 3_600_000;
const SETTLING_TICK_MS = 5_000;
const STEPS_OF_A_TICK = 6;
/** While all is well a claim runs out, and the longest job ends, long before any deadline. */
const SETTLING_MS = 150_000;

/** Clients, workers, the reconciler, the upstream and the token pool, around the store's own code. One run of a plan. */
export class Simulation implements Surroundings {
  readonly upstream = new Upstream();
  readonly grants = new GrantLedger();
  readonly fence = new Fence();
  readonly selections = new Map<string, FreshSelection>();
  readonly stored = new Map<string, number>();
  readonly kind: TaskKind;
  readonly ownerMaxRunning: number;
  readonly #workers: Worker[];
  readonly #clients: Clients;
  #now = START;
  #wakeUps = 0;
  #tokens = 0;
  #processes = 0;

  constructor(
    readonly database: VirtualDatabase,
    readonly tally: Tally,
    private readonly plan: Plan,
  ) {
    this.kind = plan.kind;
    this.ownerMaxRunning = plan.ownerMaxRunning;
    this.#clients = new Clients(this, (taskId) => this.#tellWorkers(taskId));
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
    const callbacks = await this.database.callbacks();
    const { accepted } = this.#clients;
    checkPromises({ history, callbacks, accepted, asks: this.upstream.asks, concurrent, around: this });
    await this.#clients.checkReadable();
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
        return this.#clients.create(move.owner % this.plan.owners, move.model, move.luck);
      case 'create again':
        return this.#clients.createAgain(move.task, move.luck);
      case 'cancel':
        return this.#clients.cancel(move.task, move.told);
      case 'delete':
        return this.#clients.delete(move.task, move.told);
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

  async #reconcile(): Promise<void> {
    const { upkeep } = this.database;
    // The upstream's call for images has a deadline of its own.
    const runMs = this.kind === 'video' ? RUN_DEADLINE_MS : QUEUE_DEADLINE_MS;
    const overdue = await upkeep.endOverdue(
      this.kind,
      { queueMs: QUEUE_DEADLINE_MS, runMs },
      {
        queue: { code: 'queue_timeout', message: 'queue_timeout' },
        run: { code: 'task_timeout', message: 'task_timeout' },
      },
    );
    for (const { id } of overdue) {
      this.fence.ended(id);
      this.#tellWorkers(id);
    }
    this.tally.add('overdue tasks ended', overdue.length);
    this.#wakeUps = Math.max(this.#wakeUps, await upkeep.countClaimable(this.kind, 1_000));
    await upkeep.forgetIdleOwners(this.kind);
    await upkeep.removeOld(RETENTION_MS);
  }

  /** Nothing goes wrong any more: whatever was accepted has to end. */
  async #settle(): Promise<void> {
    await this.#clients.createUnanswered();
    for (const worker of this.#workers) worker.frozen = false;
    const deadline = this.#now + SETTLING_MS;
    while ((await this.#clients.open()).length > 0) {
      if (this.#now > deadline) throw new BrokenPromiseError(`never ended: ${(await this.#clients.open()).join(', ')}`);
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

  /** A grant that counts belongs to a process that works, or died less than a grant's life ago. */
  #checkGrants(): void {
    for (const { holder } of this.grants.at(this.#now)) {
      const worker = this.#workers.find(({ name }) => name === holder);
      if (worker && !worker.atWork) throw new BrokenPromiseError(`${holder} does nothing and holds a grant`);
    }
  }

  #tellWorkers(taskId: string): void {
    for (const worker of this.#workers) worker.cancelled(taskId);
  }

  #worker(index: number): Worker {
    const worker = this.#workers[index % this.#workers.length];
    if (!worker) throw new Error('there is no worker');
    return worker;
  }

  #replace(index: number): void {
    this.#workers[index % this.#workers.length] = this.#newWorker();
  }

  #newWorker(): Worker {
    return new Worker(`worker-${this.#processes++}`, this);
  }
}
