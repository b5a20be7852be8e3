import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { TestS3 } from '@grok2api/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CachedMediaStore, type CachedMediaStoreOptions } from '../src/cache/cached-media-store.js';
import { type ByteRange, FilesystemMediaStore, type OpenMedia } from '../src/index.js';
import { openS3 } from '../src/s3/open-s3.js';
import { parseS3Address } from '../src/s3/s3-address.js';
import { mediaStoreConformance, newId } from './conformance.js';

mediaStoreConformance('CachedMediaStore before S3', async () => {
  const [server, directory] = [await TestS3.start(), await mkdtemp(join(tmpdir(), 'media-cache-'))];
  Object.assign(process.env, server.credentials);
  const s3 = openS3(parseS3Address(await server.createBucket('media')));
  const onFault = (error: unknown) => {
    throw error;
  };
  return {
    store: await CachedMediaStore.open(s3, { directory, maxBytes: 1_000_000, onFault }),
    dispose: async () => {
      await server.stop();
      await rm(directory, { recursive: true });
    },
  };
});

/** A store that says how often it was read, and whose files can be made to arrive slowly. */
class WatchedStore extends FilesystemMediaStore {
  opened: (ByteRange | 'whole')[] = [];
  asked = 0;
  /** Set: what an opened file's stream is led through. */
  through: PassThrough | undefined;

  override async stat(id: string) {
    this.asked++;
    return super.stat(id);
  }

  override async open(id: string, range?: ByteRange): Promise<OpenMedia | undefined> {
    this.opened.push(range ?? 'whole');
    const opened = await super.open(id, range);
    if (!opened || !this.through) return opened;
    opened.stream.destroy();
    return { ...opened, stream: this.through };
  }
}

describe('CachedMediaStore', () => {
  let root: string;
  let directory: string;
  let store: WatchedStore;
  let now: number;
  let faults: unknown[];

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'media-cache-'));
    directory = join(root, 'cache');
    store = new WatchedStore(join(root, 'store'));
    now = 0;
    faults = [];
  });
  afterEach(() => rm(root, { recursive: true }));

  function cached(options: Partial<CachedMediaStoreOptions> = {}): Promise<CachedMediaStore> {
    const onFault = (error: unknown) => void faults.push(error);
    return CachedMediaStore.open(store, { directory, maxBytes: 1000, onFault, now: () => now, ...options });
  }

  async function put(content: string, id = newId()): Promise<string> {
    await store.put(id, Readable.from([Buffer.from(content)]), { maxBytes: 100_000_000 });
    return id;
  }

  async function read(from: CachedMediaStore, id: string, range?: ByteRange): Promise<string> {
    const opened = await from.open(id, range);
    if (!opened) throw new Error('not there');
    return text(opened.stream);
  }

  it('asks the store once for a file that many read, whole or in ranges', async () => {
    const cache = await cached();
    const id = await put('0123456789');
    const ranges = Array.from({ length: 10 }, (_, start) => ({ start, end: start }));
    expect(await Promise.all(ranges.map((range) => read(cache, id, range)))).toEqual([...'0123456789']);
    expect(await read(cache, id)).toBe('0123456789');
    expect(store.opened).toEqual(['whole']);
    expect(store.asked).toBe(1);
  });

  it('gives bytes as they arrive, to every reader, and not before', async () => {
    const cache = await cached();
    const id = await put('0123456789');
    store.through = new PassThrough();
    const [whole, end] = [await cache.open(id), await cache.open(id, { start: 8, end: 9 })];
    if (!whole || !end) throw new Error('not there');
    store.through.write('01234');
    const chunks: AsyncIterator<Buffer> = whole.stream[Symbol.asyncIterator]();
    expect(String((await chunks.next()).value)).toBe('01234');
    let ended = false;
    const rest = text(end.stream).then((content) => {
      ended = true;
      return content;
    });
    await turn();
    expect(ended).toBe(false);
    store.through.end('56789');
    expect(await rest).toBe('89');
    expect(String((await chunks.next()).value)).toBe('56789');
    expect((await chunks.next()).done).toBe(true);
    expect(store.opened).toEqual(['whole']);
  });

  it('cuts its readers off when the store does, and asks again for the next', async () => {
    const cache = await cached();
    const id = await put('0123456789');
    store.through = new PassThrough();
    const opened = await cache.open(id);
    if (!opened) throw new Error('not there');
    store.through.write('01234');
    await once(opened.stream, 'readable');
    store.through.destroy(new Error('reset'));
    await expect(text(opened.stream)).rejects.toThrow('reset');
    store.through = new PassThrough();
    const early = await cache.open(id);
    if (!early) throw new Error('not there');
    store.through.end('01234');
    await expect(text(early.stream)).rejects.toThrow('the store ended a file early');
    store.through = undefined;
    expect(await read(cache, id)).toBe('0123456789');
    expect(faults).toEqual([]);
  });

  it('reads from the store what a fill will not have for long, or has no room for', async () => {
    const MB = 1024 * 1024;
    const cache = await cached({ maxBytes: 40 * MB });
    const [long, tooLong] = [await put('x'.repeat(32 * MB)), await put('y'.repeat(41 * MB))];
    store.through = new PassThrough();
    const filling = await cache.open(long);
    const content = store.through;
    store.through = undefined;
    expect(await read(cache, long, { start: 20 * MB, end: 20 * MB + 2 })).toBe('xxx');
    expect(await read(cache, tooLong, { start: 1, end: 2 })).toBe('yy');
    expect(store.opened).toEqual(['whole', { start: 20 * MB, end: 20 * MB + 2 }, { start: 1, end: 2 }]);
    filling?.stream.destroy();
    content.destroy();
  });

  it('keeps what was read last within its size, and takes the others off the disk', async () => {
    const cache = await cached({ maxBytes: 30 });
    const ids: string[] = [];
    for (const digit of ['0', '1', '2']) ids.push(await put(digit.repeat(10)));
    const [a = '', b = '', c = ''] = ids;
    const fetched = async (id: string) => {
      const before = store.opened.length;
      await read(cache, id);
      return store.opened.length > before;
    };
    for (const id of ids) expect(await fetched(id)).toBe(true);
    expect(await fetched(a)).toBe(false);
    const d = await put('3'.repeat(10));
    expect(await fetched(d)).toBe(true);
    expect(await fetched(a)).toBe(false);
    expect(await fetched(c)).toBe(false);
    expect(await fetched(b)).toBe(true);
    await expect.poll(async () => (await readdir(directory)).length).toBe(3);
  });

  it('forgets in seconds what another process changed or deleted', async () => {
    const cache = await cached();
    const id = await put('former');
    expect(await read(cache, id)).toBe('former');
    await put('newer', id);
    now = 2_999;
    expect(await read(cache, id)).toBe('former');
    now = 3_000;
    expect(await read(cache, id)).toBe('newer');
    await store.delete(id);
    now = 6_000;
    expect(await cache.stat(id)).toBeUndefined();
    expect(await cache.open(id)).toBeUndefined();
    await expect.poll(() => readdir(directory)).toEqual([]);
  });

  it('sees a file as soon as it is there', async () => {
    const cache = await cached();
    const id = newId();
    expect(await cache.open(id)).toBeUndefined();
    await put('there', id);
    expect(await read(cache, id)).toBe('there');
  });

  it('removes what a process that died has left', async () => {
    await mkdir(directory);
    await writeFile(join(directory, '1-file_x.mp4'), 'half');
    await cached();
    expect(await readdir(directory)).toEqual([]);
  });

  it('serves from the store while its disk fails, and says so', async () => {
    const cache = await cached();
    const id = await put('content');
    await rm(directory, { recursive: true });
    expect(await read(cache, id)).toBe('content');
    expect(faults).toHaveLength(1);
    await mkdir(directory);
    // It is left alone for a minute.
    expect(await read(cache, id)).toBe('content');
    expect(await readdir(directory)).toEqual([]);
    now = 60_000;
    expect(await read(cache, id)).toBe('content');
    expect(await readdir(directory)).toHaveLength(1);
    await rm(directory, { recursive: true });
    expect(await read(cache, id)).toBe('content');
    expect(faults).toHaveLength(1);
  });
});
