import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { TestS3 } from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MediaStoreUnavailableError, MediaTooLargeError } from '../src/index.js';
import { createS3Client, openS3 } from '../src/s3/open-s3.js';
import { parseS3Address, type S3Address } from '../src/s3/s3-address.js';
import { S3MediaStore } from '../src/s3/s3-media-store.js';
import { mediaStoreConformance, newId } from './conformance.js';

const MB = 1024 * 1024;

let server: TestS3 | undefined;
let place: S3Address;
let client: S3Client;

/**
 * Any other server can be tested: S3_UNDER_TEST is the address of a bucket, and the credentials are in the usual
 * variables.
 */
beforeAll(async () => {
  if (process.env.S3_UNDER_TEST) {
    place = parseS3Address(process.env.S3_UNDER_TEST);
  } else {
    server = await TestS3.start();
    Object.assign(process.env, server.credentials);
    place = parseS3Address(await server.createBucket('media'));
  }
  client = createS3Client(place);
});
afterAll(async () => {
  await server?.stop();
});

/** A store that sees nothing of the others in the same bucket. */
function newStore(now?: () => number): S3MediaStore {
  return new S3MediaStore(client, { ...place, prefix: `${place.prefix}${randomUUID()}/` }, now);
}

mediaStoreConformance('S3MediaStore', async () => {
  const store = newStore();
  const olderThan = new Date(Date.now() + 3_600_000);
  return {
    store,
    dispose: async () => {
      await store.sweep({ olderThan, keep: async () => new Set(), batch: 100 });
    },
  };
});

describe('S3MediaStore', () => {
  const MAX = { maxBytes: 100 * MB };
  const nobody = { keep: async () => new Set<string>(), batch: 100 };

  async function* bytes(count: number, then?: () => Promise<void> | void): AsyncGenerator<Uint8Array> {
    for (let left = count; left > 0; left -= 60_000) yield randomBytes(Math.min(left, 60_000));
    await then?.();
  }

  async function uploadsLeft(Bucket: string): Promise<number> {
    return (await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads?.length ?? 0;
  }

  /** A store alone in a bucket, which can be deleted while nothing is in it, not even an unfinished upload. */
  async function newBucket() {
    const Bucket = `test-${randomUUID()}`;
    await client.send(new CreateBucketCommand({ Bucket }));
    return {
      Bucket,
      alone: new S3MediaStore(client, { bucket: Bucket, prefix: '' }),
      remove: () => client.send(new DeleteBucketCommand({ Bucket })),
    };
  }

  it.each([8 * MB - 1, 8 * MB, 8 * MB + 1, 37 * MB])('stores %i bytes in parts as they were', async (count) => {
    const store = newStore();
    const id = newId('mp4');
    const content = randomBytes(count);
    expect(await store.put(id, Readable.from([content.subarray(0, 9 * MB), content.subarray(9 * MB)]), MAX)).toEqual({
      bytes: count,
    });
    expect(await store.stat(id)).toMatchObject({ bytes: count, contentType: 'video/mp4' });
    const opened = await store.open(id);
    expect(opened && (await buffer(opened.stream)).equals(content)).toBe(true);
    await store.delete(id);
  });

  it('leaves nothing of an upload that failed, not even parts', async () => {
    const { alone, remove } = await newBucket();
    const cut = () => {
      throw new Error('cut');
    };
    const abort = new AbortController();
    const never = () => new Promise<void>(() => abort.abort());
    const failures = [
      alone.put(newId(), bytes(30 * MB, cut), MAX),
      alone.put(newId(), bytes(31 * MB), { maxBytes: 30 * MB }),
      alone.put(newId(), bytes(30 * MB, never), { ...MAX, signal: abort.signal }),
      alone.put(newId(), bytes(MB, cut), MAX),
    ];
    const outcomes = await Promise.allSettled(failures);
    expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
    expect(outcomes[1]).toMatchObject({ reason: expect.any(MediaTooLargeError) });
    await remove();
  });

  it('sweeps nothing that it did not store', async () => {
    const { Bucket, alone, remove } = await newBucket();
    const Key = 'somebody-elses.jpg';
    await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    await alone.put(newId(), bytes(1), MAX);
    const later = new Date(Date.now() + 60_000);
    expect(await alone.sweep({ olderThan: later, ...nobody })).toEqual({ files: 1, bytes: 1 });
    await client.send(new HeadObjectCommand({ Bucket, Key }));
    await client.send(new DeleteObjectCommand({ Bucket, Key }));
    await remove();
  });

  it('holds neither a file that is written nor one that is read in memory', async () => {
    const store = newStore();
    const id = newId('mp4');
    const written = createHash('sha256');
    let peak = 0;
    const measure = () => {
      peak = Math.max(peak, process.memoryUsage.rss());
    };
    async function* source(): AsyncGenerator<Uint8Array> {
      for (let n = 0; n < 200 * 16; n++) {
        const chunk = Buffer.alloc(MB / 16, n);
        written.update(chunk);
        measure();
        yield chunk;
      }
    }
    const start = process.memoryUsage.rss();
    await store.put(id, source(), { maxBytes: 200 * MB });
    const opened = await store.open(id);
    if (!opened) throw new Error('not there');
    const read = createHash('sha256');
    for await (const chunk of opened.stream) {
      read.update(chunk);
      measure();
    }
    expect(read.digest('hex')).toBe(written.digest('hex'));
    expect(peak - start).toBeLessThan(64 * MB);
    await store.delete(id);
  });

  // Of the server that the tests bring along only what it can do is asked.
  if (process.env.S3_UNDER_TEST) {
    it('sweeps uploads that were begun an hour ago and never ended', async () => {
      const { Bucket, alone, remove } = await newBucket();
      const upload = { Bucket, Key: newId() };
      await client.send(new CreateMultipartUploadCommand(upload));
      await client.send(new CreateMultipartUploadCommand(upload));
      const sweepAt = (now: number) =>
        new S3MediaStore(client, { bucket: Bucket, prefix: '' }, () => now).sweep({
          olderThan: new Date(0),
          ...nobody,
        });
      expect(await sweepAt(Date.now() + 3_000_000)).toEqual({ files: 0, bytes: 0 });
      expect(await uploadsLeft(Bucket)).toBe(2);
      expect(await alone.stat(upload.Key)).toBeUndefined();
      expect(await sweepAt(Date.now() + 4_000_000)).toEqual({ files: 2, bytes: 0 });
      expect(await uploadsLeft(Bucket)).toBe(0);
      await remove();
    });
  } else {
    it('says that the store cannot be reached, and ends a silent source when it goes', async () => {
      const mortal = await TestS3.start();
      const store = openS3(parseS3Address(await mortal.createBucket('mortal')));
      const id = newId();
      const source = new PassThrough();
      const closed = once(source, 'close');
      const put = store.put(id, source, MAX);
      const failed = expect(put).rejects.toThrow(MediaStoreUnavailableError);
      source.write(randomBytes(9 * MB));
      await mortal.stop();
      source.write(randomBytes(9 * MB));
      await failed;
      await closed;
      await expect(store.put(id, bytes(5), MAX)).rejects.toThrow(MediaStoreUnavailableError);
      await expect(store.stat(id)).rejects.toThrow(MediaStoreUnavailableError);
      await expect(store.open(id)).rejects.toThrow(MediaStoreUnavailableError);
      await expect(store.delete(id)).rejects.toThrow(MediaStoreUnavailableError);
      await expect(store.sweep({ olderThan: new Date(), ...nobody })).rejects.toThrow(MediaStoreUnavailableError);
    });
  }
});
