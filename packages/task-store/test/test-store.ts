import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { TaskWork, VideoParams } from '@grok2api/contracts';
import { startPostgres, type TestServer } from '@grok2api/testkit';
import { openDatabase } from '../src/database.js';
import type { PrismaClient } from '../src/generated/client.js';
import { type Claim, type NewTask, openTaskStore, type Task, type TaskStore } from '../src/index.js';

/** Folder with the schema and the migrations. */
export const PRISMA_DIR = fileURLToPath(new URL('../prisma', import.meta.url));

/** Upstream model of the tasks that `newTask` makes. */
export const MODEL = 'grok-imagine-video-1.5';

/** Every task of the model, taken over too where its claim ran out. */
export const ANY = { upstreamModels: [MODEL], ownerMaxRunning: 0, takeOver: true };

/** How the image tasks are to be made. */
export const IMAGE = {
  kind: 'image',
  params: { n: 2, aspect_ratio: '1:1', resolution: '1k', response_format: 'url' },
} as const satisfies TaskWork;

/** Length of a claim that no test outlives. */
export const LONG_MS = 600_000;

/** A task store on a Postgres server of its own, with a view behind its back. */
export class TestStore {
  readonly store: TaskStore;
  /** For what the store has no method for. */
  readonly database: PrismaClient;

  private constructor(readonly server: TestServer) {
    this.store = TestStore.open(server);
    this.database = openDatabase({ databaseUrl: server.url, maxConnections: 2 });
  }

  static async start(): Promise<TestStore> {
    const server = await startPostgres('migrated');
    const test = new TestStore(server);
    // Claims are not taken over soon after the server was started: for the tests that was long ago.
    await test.database.$executeRaw`CREATE SCHEMA long_ago`;
    await test.database.$executeRaw`
      CREATE FUNCTION long_ago.pg_postmaster_start_time() RETURNS timestamptz LANGUAGE sql
      AS $$ SELECT timestamptz '2020-01-01' $$`;
    return test;
  }

  /** Another process' store on the same server. */
  static open(server: TestServer): TaskStore {
    const path = encodeURIComponent('-c search_path=long_ago,public,pg_catalog');
    return openTaskStore({ databaseUrl: `${server.url}?options=${path}`, maxConnections: 10 });
  }

  async stop(): Promise<void> {
    await Promise.all([this.store.close(), this.database.$disconnect()]);
    await this.server.stop();
  }

  /** Removes every task and callback, and forgets whose turn it is. */
  async empty(): Promise<void> {
    await this.database.ownerQueue.deleteMany();
    await this.database.task.deleteMany();
    await this.database.callback.deleteMany();
  }

  /** The task's row with every column, deleted or not. */
  row(id: string) {
    return this.database.task.findUniqueOrThrow({ where: { id } });
  }

  /** Lets the claim on a task run out, as time does. */
  async lapse(id: string): Promise<void> {
    await this.database
      .$executeRaw`UPDATE tasks SET claim_expires_at = now() - interval '1 second' WHERE id = ${id} AND claim_token IS NOT NULL`;
  }

  /** Makes a task that was accepted this long ago. */
  async create(task: TaskChanges = {}, ageMs = 0): Promise<string> {
    const created = newTask(task);
    await this.store.tasks.create(created);
    if (ageMs > 0) {
      await this.database
        .$executeRaw`UPDATE tasks SET created_at = now() - ${ageMs}::int * interval '1 millisecond' WHERE id = ${created.id}`;
    }
    return created.id;
  }

  /** Claims a task that nobody has begun. */
  async claimFresh(
    ttlMs = LONG_MS,
    models: readonly string[] = [MODEL],
  ): Promise<(Claim & { task: Task }) | undefined> {
    const claimant = newClaimant(ttlMs);
    const task = await this.store.queue.claimFresh(claimant, { ...ANY, upstreamModels: models });
    return task && { taskId: task.id, token: claimant.token, task };
  }

  /** Claims a task that somebody has begun. */
  async claimBegun(ttlMs = LONG_MS): Promise<(Claim & { task: Task }) | undefined> {
    const claimant = newClaimant(ttlMs);
    const task = await this.store.queue.claimBegun(claimant, true);
    return task && { taskId: task.id, token: claimant.token, task };
  }

  /** Makes a task that runs, claimed. There must be no other claimable one of its model. */
  async running(task: TaskChanges = {}): Promise<Claim> {
    const id = await this.create(task);
    const claim = await this.claimFresh(LONG_MS, [task.upstreamModel ?? MODEL]);
    if (claim?.taskId !== id) throw new Error('another task was claimed');
    await this.store.claims.intend(claim, 'cred_1');
    await this.store.claims.submit(claim, `job_of_${id}`);
    return claim;
  }

  /** Makes a task that has ended. */
  async completed(task: TaskChanges = {}, media = ['video_1.mp4']): Promise<string> {
    const claim = await this.running(task);
    await this.store.claims.complete(claim, { media }, undefined);
    return claim.taskId;
  }
}

/** Somebody who claims videos, under a token of its own. */
export function newClaimant(ttlMs = LONG_MS) {
  return { kind: 'video' as const, worker: 'worker-1', token: randomUUID(), ttlMs };
}

/** What a task is to differ in. */
export type TaskChanges = Partial<Omit<NewTask, 'kind' | 'params'>> &
  (TaskWork | { kind?: never; params?: VideoParams });

/** A task under an id that no other has: a video, unless it says otherwise. */
export function newTask(changes: TaskChanges = {}): NewTask {
  const common = {
    id: `task_${randomUUID().replaceAll('-', '')}`,
    owner: 'me',
    model: 'grok-imagine-1.0-video',
    upstreamModel: MODEL,
    prompt: '一只猫 🐈',
    origin: 'http://localhost:8000',
    callbackUrl: undefined,
  };
  if (changes.kind === 'image') return { ...common, ...changes };
  return { ...common, params: VIDEO_PARAMS, ...changes, kind: 'video' };
}

/** How the videos are to be made, unless a test says otherwise. */
export const VIDEO_PARAMS: VideoParams = {
  aspect_ratio: '3:2',
  video_length: 6,
  resolution: '480p',
  preset: 'normal',
};
