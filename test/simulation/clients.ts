import type { TaskKind, TaskWork } from '../../packages/contracts/src/task.js';
import { StoreUnavailableError } from '../../packages/task-store/src/database.js';
import { BrokenPromiseError } from './broken-promise-error.js';
import { lossyCall } from './lossy-call.js';
import { IMAGES, type Surroundings, UPSTREAM_MODELS } from './surroundings.js';

const WORK = {
  video: {
    kind: 'video',
    params: { aspect_ratio: '16:9', video_length: 6, resolution: '480p', preset: 'normal' },
  },
  image: { kind: 'image', params: { n: IMAGES, aspect_ratio: '1:1', response_format: 'url' } },
} as const satisfies Record<TaskKind, TaskWork>;

interface KnownTask {
  id: string;
  owner: string;
  upstreamModel: string;
  /** Its create was answered. */
  accepted: boolean;
  deleted: boolean;
}

/** Clients and the gateway between: they create, cancel and delete tasks, and in the end they look. */
export class Clients {
  readonly #tasks: KnownTask[] = [];

  constructor(
    private readonly around: Pick<Surroundings, 'kind' | 'database' | 'fence' | 'sendWakeUp' | 'tally'>,
    /** Called when a client ended a task and the workers are told. */
    private readonly tellWorkers: (taskId: string) => void,
  ) {}

  /** Ids of the tasks whose create was answered. */
  get accepted(): string[] {
    return this.#tasks.filter(({ accepted }) => accepted).map(({ id }) => id);
  }

  async create(owner: number, model: number, luck: number): Promise<void> {
    const task: KnownTask = {
      id: `task-${this.#tasks.length}`,
      owner: `owner-${owner}`,
      upstreamModel: UPSTREAM_MODELS[model] ?? UPSTREAM_MODELS[0],
      accepted: false,
      deleted: false,
    };
    this.#tasks.push(task);
    await this.#tryCreate(task, luck);
  }

  async createAgain(index: number, luck: number): Promise<void> {
    const task = this.#task(index);
    if (task && !task.deleted) await this.#tryCreate(task, luck);
  }

  /** Creates, until they are answered, the tasks whose answer was lost. */
  async createUnanswered(): Promise<void> {
    for (const task of this.#tasks) if (!task.accepted) await this.#tryCreate(task, 0);
  }

  async cancel(index: number, told: boolean): Promise<void> {
    const task = this.#task(index);
    if (!task) return;
    const cancelled = await this.around.database.tasks.cancel(task.id);
    if (!cancelled) return;
    this.around.tally.add('open tasks cancelled');
    this.#ended(task.id, told);
  }

  async delete(index: number, told: boolean): Promise<void> {
    const task = this.#task(index);
    if (!task?.accepted || task.deleted) return;
    for await (const batch of this.around.database.tasks.delete(this.around.kind, task.owner, { ids: [task.id] })) {
      for (const { id } of batch) this.#ended(id, told);
    }
    task.deleted = true;
  }

  /** Ids of the tasks that have not ended, as a client reads them. */
  async open(): Promise<string[]> {
    const tasks = await this.around.database.tasks.getMany(this.#tasks.map(({ id }) => id));
    return tasks.filter(({ state }) => state === 'pending' || state === 'running').map(({ id }) => id);
  }

  /** Every task that was not deleted can be read. @throws BrokenPromiseError */
  async checkReadable(): Promise<void> {
    const read = await this.around.database.tasks.getMany(this.#tasks.map(({ id }) => id));
    const missing = this.#tasks.filter(({ id, deleted }) => !deleted && !read.some((task) => task.id === id));
    if (missing.length > 0) throw new BrokenPromiseError(`cannot be read: ${missing.map(({ id }) => id).join(', ')}`);
  }

  async #tryCreate(task: KnownTask, luck: number): Promise<void> {
    const { id, owner, upstreamModel } = task;
    const row = { id, owner, model: upstreamModel, upstreamModel, prompt: id, ...WORK[this.around.kind] };
    try {
      const urls = { origin: 'https://host', callbackUrl: 'https://example.com/' };
      const create = () => this.around.database.tasks.create({ ...row, ...urls });
      await lossyCall(luck, create);
      task.accepted = true;
      this.around.sendWakeUp();
    } catch (err) {
      if (!(err instanceof StoreUnavailableError)) throw err;
    }
  }

  #ended(taskId: string, told: boolean): void {
    this.around.fence.ended(taskId);
    if (told) this.tellWorkers(taskId);
  }

  #task(index: number): KnownTask | undefined {
    return this.#tasks[index % this.#tasks.length];
  }
}
