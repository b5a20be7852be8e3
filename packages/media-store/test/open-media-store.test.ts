import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestS3 } from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CachedMediaStore } from '../src/cache/cached-media-store.js';
import { FilesystemMediaStore, mediaStoreSettings, requireMediaStore } from '../src/index.js';
import { chooseMediaStore } from '../src/open-media-store.js';
import { S3MediaStore } from '../src/s3/s3-media-store.js';

const schema = z.object(mediaStoreSettings).superRefine(requireMediaStore);
const cache = { maxBytes: 1, onFault: () => {} };

let directory: string;
let server: TestS3;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'media-'));
  server = await TestS3.start();
});
afterAll(async () => {
  await server.stop();
  await rm(directory, { recursive: true });
});

describe('the settings of the media store', () => {
  it('choose a directory, which needs no cache', async () => {
    const settings = schema.parse({ MEDIA_DIR: directory });
    expect(await chooseMediaStore(settings)).toBeInstanceOf(FilesystemMediaStore);
    expect(await chooseMediaStore(settings, cache)).toBeInstanceOf(FilesystemMediaStore);
  });

  it('choose S3 rather than the directory, with a cache in that for who wants one', async () => {
    const MEDIA_STORE = await server.createBucket('media');
    const both = schema.parse({ MEDIA_DIR: directory, MEDIA_STORE });
    expect(await chooseMediaStore(both)).toBeInstanceOf(S3MediaStore);
    expect(await chooseMediaStore(both, cache)).toBeInstanceOf(CachedMediaStore);
    expect(await chooseMediaStore(schema.parse({ MEDIA_STORE }), cache)).toBeInstanceOf(S3MediaStore);
  });

  it('must name one', () => {
    expect(schema.safeParse({}).error?.issues).toMatchObject([{ path: ['MEDIA_DIR'] }]);
    expect(schema.safeParse({ MEDIA_STORE: '/data/media' }).error?.issues).toMatchObject([
      { path: ['MEDIA_STORE'], message: expect.stringMatching(/^must be s3:/) },
    ]);
  });
});
