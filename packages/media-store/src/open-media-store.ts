import { join } from 'node:path';
import { z } from 'zod';
import { CachedMediaStore } from './cache/cached-media-store.js';
import { FilesystemMediaStore } from './filesystem.js';
import { MeasuredMediaStore, watchDisk } from './measured-media-store.js';
import type { MediaMetrics } from './media-metrics.js';
import type { MediaStore } from './media-store.js';
import { parseS3Address, type S3Address, S3AddressError } from './s3/s3-address.js';

/** The settings that choose the store: a part of the settings of each service that uses it. */
export const mediaStoreSettings = {
  MEDIA_DIR: z
    .string()
    .optional()
    .describe(
      'Directory of the media store, shared by gateways and workers; with MEDIA_STORE a gateway keeps its cache there.',
    ),
  MEDIA_STORE: z
    .string()
    .transform((text, context): S3Address => {
      try {
        return parseS3Address(text);
      } catch (error) {
        if (!(error instanceof S3AddressError)) throw error;
        context.addIssue({ code: 'custom', message: error.message });
        return z.NEVER;
      }
    })
    .optional()
    .describe(
      'Keeps media in S3 or a compatible store instead: `s3://BUCKET/PREFIX?endpoint=URL&region=REGION`, with the usual AWS variables.',
    ),
};

/** The settings of `mediaStoreSettings`, checked. */
export interface MediaStoreSettings {
  MEDIA_DIR?: string | undefined;
  MEDIA_STORE?: S3Address | undefined;
}

/** Finds fault with settings that name no store: for `superRefine` of a service's settings. */
export function requireMediaStore({ MEDIA_DIR, MEDIA_STORE }: MediaStoreSettings, context: z.RefinementCtx): void {
  if (MEDIA_DIR !== undefined || MEDIA_STORE !== undefined) return;
  context.addIssue({ code: 'custom', path: ['MEDIA_DIR'], message: 'is not set' });
}

/** The cache of a service that reads the same files often. */
export interface MediaCacheOptions {
  maxBytes: number;
  /** Told of a disk that cannot be written; the service goes on without the cache. */
  onFault: (error: unknown) => void;
}

export interface OpenMediaStoreOptions {
  metrics: MediaMetrics;
  cache?: MediaCacheOptions;
}

/**
 * Opens the store that the settings name, measured. With `cache`, a store on another machine gets a cache in `MEDIA_DIR`,
 * which then has to be this process' own.
 */
export async function openMediaStore(
  settings: MediaStoreSettings,
  { metrics, cache }: OpenMediaStoreOptions,
): Promise<MediaStore> {
  if (settings.MEDIA_DIR !== undefined) watchDisk(settings.MEDIA_DIR, metrics);
  const onLook = (isHit: boolean) => metrics.cache.inc({ result: isHit ? 'hit' : 'miss' });
  return new MeasuredMediaStore(await chooseMediaStore(settings, cache && { ...cache, onLook }), metrics);
}

/** The store that the settings name, as it is. */
export async function chooseMediaStore(
  { MEDIA_DIR, MEDIA_STORE }: MediaStoreSettings,
  cache?: MediaCacheOptions & { onLook?: (isHit: boolean) => void },
): Promise<MediaStore> {
  if (MEDIA_STORE) {
    // The SDK costs some 25 MB of memory: only who keeps media in S3 loads it.
    const { openS3 } = await import('./s3/open-s3.js');
    const store = openS3(MEDIA_STORE);
    if (!cache || MEDIA_DIR === undefined) return store;
    return CachedMediaStore.open(store, { ...cache, directory: join(MEDIA_DIR, 'cache') });
  }
  if (MEDIA_DIR === undefined) throw new Error('the settings name no media store');
  return new FilesystemMediaStore(MEDIA_DIR);
}
