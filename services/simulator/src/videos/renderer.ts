import { rm, writeFile } from 'node:fs/promises';
import type { Logger } from '@grok2api/service-kit';
import { drawCard, drawDisc, drawProgressBar } from '../draw/card.js';
import { encodeClip } from '../draw/clip.js';
import { Turns } from '../turns.js';
import { FRAME_SIZES } from './frame-size.js';
import type { Job } from './job.js';
import type { JobStore } from './job-store.js';

const MAX_AT_ONCE = 2;
const MAX_WAITING = 10_000;

/** What the renderer works with. */
export interface RendererParts {
  jobs: JobStore;
  log: Logger;
  now: () => number;
}

/** Makes the videos of jobs, two at a time, each at most once at a time. */
export class Renderer {
  readonly #parts: RendererParts;
  readonly #inWork = new Map<string, Promise<boolean>>();
  readonly #turns = new Turns(MAX_AT_ONCE);
  readonly #failed = new Set<string>();
  readonly #stop = new AbortController();

  constructor(parts: RendererParts) {
    this.#parts = parts;
  }

  /**
   * Makes the video of a job, unless it has failed before.
   * @returns when it is on disk (true), or when it will not come now (false): it failed, which is logged, too many
   *   wait, or the renderer is closed
   */
  render(job: Job): Promise<boolean> {
    const inWork = this.#inWork.get(job.request_id);
    if (inWork) return inWork;
    if (this.hasFailed(job) || this.#stop.signal.aborted || this.#turns.waiting >= MAX_WAITING) {
      return Promise.resolve(false);
    }
    const made = this.#turns.take(() => this.#make(job)).finally(() => this.#inWork.delete(job.request_id));
    this.#inWork.set(job.request_id, made);
    return made;
  }

  /** Whether the video of a job could not be made. */
  hasFailed(job: Job): boolean {
    return this.#failed.has(job.request_id);
  }

  /** Kills the encoders and waits for their ends. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#inWork.values());
  }

  async #make(job: Job): Promise<boolean> {
    const { jobs, log, now } = this.#parts;
    if (this.#stop.signal.aborted) return false;
    const card = jobs.temporaryPath('.png');
    const disc = jobs.temporaryPath('.png');
    const bar = jobs.temporaryPath('.png');
    const clip = jobs.temporaryPath('.mp4');
    try {
      const size = FRAME_SIZES[job.resolution][job.aspect_ratio];
      const background = await jobs.readBackground(job);
      const footer = `${job.model} · ${size.width}×${size.height} · ${job.duration} s`;
      await writeFile(card, await drawCard({ ...size, prompt: job.prompt, footer, background }));
      await writeFile(disc, await drawDisc(size));
      await writeFile(bar, await drawProgressBar(size));
      await encodeClip({ card, disc, bar, seconds: job.duration, output: clip, signal: this.#stop.signal });
      await jobs.takeVideo(job, clip, now());
      return true;
    } catch (err) {
      if (this.#stop.signal.aborted) return false;
      log.error({ err, request_id: job.request_id }, 'a video could not be made');
      this.#failed.add(job.request_id);
      return false;
    } finally {
      await Promise.all([card, disc, bar, clip].map((path) => rm(path, { force: true })));
    }
  }
}
