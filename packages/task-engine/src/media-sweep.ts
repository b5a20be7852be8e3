import type { MediaStore } from '@grok2api/media-store';
import type { Logger } from '@grok2api/service-kit';
import type { Upkeep } from '@grok2api/task-store';

const SWEEP_EVERY_MS = 600_000;
const BATCH = 200;

export interface MediaSweepOptions {
  media: MediaStore;
  upkeep: Upkeep;
  /** How long a file is served, in milliseconds. */
  ttlMs: number;
  log: Logger;
  now: () => number;
}

/**
 * Makes the reconciler's part of keeping the media store small: the files of removed tasks go at once, those past
 * their time every ten minutes, unless an open task needs them as its picture.
 */
export function createMediaSweep({ media, upkeep, ttlMs, log, now }: MediaSweepOptions) {
  let swept = Number.NEGATIVE_INFINITY;
  return async (mediaOfRemovedTasks: readonly string[]): Promise<void> => {
    for (const id of mediaOfRemovedTasks) await media.delete(id);
    if (now() - swept < SWEEP_EVERY_MS) return;
    swept = now();
    const { files, bytes } = await media.sweep({
      olderThan: new Date(now() - ttlMs),
      keep: (ids) => upkeep.mediaInUse(ids),
      batch: BATCH,
    });
    if (files > 0) log.info({ files, bytes }, 'removed old media');
  };
}
