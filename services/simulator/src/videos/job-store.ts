import { randomUUID } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@grok2api/service-kit';
import { type Job, jobSchema } from './job.js';

const MAX_JOBS = 50_000;

/**
 * The jobs, in memory and as one JSON file each, with their videos and backgrounds beside them. Files appear whole or
 * not at all. Beyond 50,000 jobs the oldest go.
 */
export class JobStore {
  readonly #jobs = new Map<string, Job>();
  readonly #byFileToken = new Map<string, Job>();
  readonly #polls = new Map<string, number>();
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Opens the store in a directory that no other process uses, which is made if missing. What an earlier process left
   * unfinished is removed; an unreadable job is logged and skipped.
   * @throws Error when the directory cannot be read or written
   */
  static async open(directory: string, log: Logger): Promise<JobStore> {
    const store = new JobStore(directory);
    await rm(store.#path('tmp'), { recursive: true, force: true });
    for (const name of ['jobs', 'videos', 'backgrounds', 'tmp']) {
      await mkdir(store.#path(name), { recursive: true });
    }
    const jobs: Job[] = [];
    for (const name of await readdir(store.#path('jobs'))) {
      const path = store.#path('jobs', name);
      try {
        jobs.push(jobSchema.parse(JSON.parse(await readFile(path, 'utf8'))));
      } catch (err) {
        log.warn({ err, path }, 'a job could not be read');
      }
    }
    for (const job of jobs.sort((a, b) => a.created_at - b.created_at)) {
      store.#keep(job);
    }
    await store.#removeStrayFiles();
    return store;
  }

  /** The job of a request id. */
  get(requestId: string): Job | undefined {
    return this.#jobs.get(requestId);
  }

  /** The job whose video has this name in its URL. */
  getByFileToken(token: string): Job | undefined {
    return this.#byFileToken.get(token);
  }

  /** Every job, oldest first. */
  all(): Job[] {
    return [...this.#jobs.values()];
  }

  /** How often a job was polled since the start of this process. */
  pollsOf(job: Job): number {
    return this.#polls.get(job.request_id) ?? 0;
  }

  /** Counts a poll of a job and returns its number, from 1. */
  countPoll(job: Job): number {
    const polls = this.pollsOf(job) + 1;
    this.#polls.set(job.request_id, polls);
    return polls;
  }

  /** Adds a job, on disk before it returns. `background` is a JPEG that fills the frame. */
  async add(job: Job, background: Buffer | undefined): Promise<void> {
    if (background) await this.#write(this.backgroundPath(job), background);
    await this.#writeJob(job);
    this.#keep(job);
    const oldest = this.#jobs.size > MAX_JOBS ? this.all()[0] : undefined;
    if (oldest) await this.#remove(oldest);
  }

  /** Takes a job's finished video from a path below the temporary directory. A job removed meanwhile has none. */
  async takeVideo(job: Job, path: string, at: number): Promise<void> {
    if (!this.#jobs.has(job.request_id)) return;
    await rename(path, this.videoPath(job));
    // The first time stays: a video rendered again does not move the end of its job.
    job.rendered_at ??= at;
    await this.#writeJob(job);
  }

  /** Whether the video of a job is on disk. */
  hasVideo(job: Job): Promise<boolean> {
    return exists(this.videoPath(job));
  }

  /** The background of a job with a picture. */
  async readBackground(job: Job): Promise<Buffer | undefined> {
    return job.has_image ? await readFile(this.backgroundPath(job)) : undefined;
  }

  /** Where the video of a job is once it is made. */
  videoPath(job: Job): string {
    return this.#path('videos', `${job.request_id}.mp4`);
  }

  /** Where the background of a job with a picture is. */
  backgroundPath(job: Job): string {
    return this.#path('backgrounds', `${job.request_id}.jpg`);
  }

  /** A path for a file in the making, on the same file system as the finished ones. */
  temporaryPath(suffix: string): string {
    return this.#path('tmp', `${randomUUID()}${suffix}`);
  }

  /** Removes the jobs created before a time, with their files. */
  async removeCreatedBefore(time: number): Promise<void> {
    for (const job of this.all()) {
      if (job.created_at < time) await this.#remove(job);
    }
  }

  /** Removes what is left in the temporary directory. Nothing may write any more. */
  async close(): Promise<void> {
    await rm(this.#path('tmp'), { recursive: true, force: true });
  }

  #keep(job: Job): void {
    this.#jobs.set(job.request_id, job);
    this.#byFileToken.set(job.file_token, job);
  }

  async #remove(job: Job): Promise<void> {
    this.#jobs.delete(job.request_id);
    this.#byFileToken.delete(job.file_token);
    this.#polls.delete(job.request_id);
    for (const path of [this.#jobPath(job), this.videoPath(job), this.backgroundPath(job)]) {
      await rm(path, { force: true });
    }
  }

  async #removeStrayFiles(): Promise<void> {
    for (const directory of ['videos', 'backgrounds']) {
      for (const name of await readdir(this.#path(directory))) {
        if (!this.#jobs.has(name.replace(/\.\w+$/, ''))) await rm(this.#path(directory, name), { force: true });
      }
    }
  }

  #writeJob(job: Job): Promise<void> {
    return this.#write(this.#jobPath(job), JSON.stringify(job));
  }

  async #write(path: string, data: string | Buffer): Promise<void> {
    const temporary = this.temporaryPath('');
    await writeFile(temporary, data);
    await rename(temporary, path);
  }

  #jobPath(job: Job): string {
    return this.#path('jobs', `${job.request_id}.json`);
  }

  #path(...names: string[]): string {
    return join(this.#directory, ...names);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    // Not there: that is the answer.
    return false;
  }
}
