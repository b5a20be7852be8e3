/** One request to create a video, as the upstream saw it. */
export interface Ask {
  taskId: string;
  credentialId: string;
  /** Only when it was taken. */
  jobId: string | undefined;
  /** Whether the asker was told, beyond doubt, that it was not taken. */
  refused: boolean;
}

/** What the asker hears of a create. */
export type CreateAnswer =
  | { heard: 'job'; jobId: string }
  /** Provably not taken, and another time or credential may help. */
  | { heard: 'refusal' }
  /** Provably not taken, for good. */
  | { heard: 'rejection' }
  /** Nothing: whether it was taken is unknown. */
  | { heard: 'nothing' };

export type PollAnswer =
  | { heard: 'progress'; progress: number }
  | { heard: 'done' | 'failed' | 'gone' }
  /** No answer of use. */
  | { heard: 'fault' };

interface Job {
  credentialId: string;
  startedAt: number;
  durationMs: number;
  fails: boolean;
}

/** The upstream: takes jobs and remembers every time that it was asked. */
export class Upstream {
  readonly asks: Ask[] = [];
  readonly #jobs = new Map<string, Job>();

  /** @param luck 0 to 99: what becomes of the request */
  create(taskId: string, credentialId: string, luck: number, now: number): CreateAnswer {
    if (luck >= 55 && luck < 70) return this.#refuse(taskId, credentialId, 'refusal');
    if (luck >= 70 && luck < 75) return this.#refuse(taskId, credentialId, 'rejection');
    const taken = luck < 92;
    const jobId = taken ? `job-${this.asks.length}` : undefined;
    this.asks.push({ taskId, credentialId, jobId, refused: false });
    if (jobId === undefined) return { heard: 'nothing' };
    const durationMs = (luck % 10) * 8_000;
    this.#jobs.set(jobId, { credentialId, startedAt: now, durationMs, fails: luck % 11 === 10 });
    return luck < 85 ? { heard: 'job', jobId } : { heard: 'nothing' };
  }

  /** @param luck 0 to 99: whether the answer comes through */
  poll(jobId: string, credentialId: string, luck: number, now: number): PollAnswer {
    const job = this.#jobs.get(jobId);
    if (!job || job.credentialId !== credentialId) throw new Error(`${jobId} was not made with ${credentialId}`);
    if (luck >= 90) return { heard: luck >= 95 ? 'gone' : 'fault' };
    const passed = now - job.startedAt;
    if (passed < job.durationMs) {
      // An upstream whose progress goes back at times.
      const backwards = luck >= 70 ? 20 : 0;
      return { heard: 'progress', progress: Math.max(0, Math.floor((100 * passed) / job.durationMs) - backwards) };
    }
    return { heard: job.fails ? 'failed' : 'done' };
  }

  #refuse(taskId: string, credentialId: string, heard: 'refusal' | 'rejection'): CreateAnswer {
    this.asks.push({ taskId, credentialId, jobId: undefined, refused: true });
    return { heard };
  }
}
