import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FilesystemMediaStore } from '../src/index.js';
import { mediaStoreConformance, newId } from './conformance.js';

mediaStoreConformance('FilesystemMediaStore', async () => {
  const root = await mkdtemp(join(tmpdir(), 'media-store-'));
  return { store: new FilesystemMediaStore(root), dispose: () => rm(root, { recursive: true }) };
});

describe('FilesystemMediaStore', () => {
  let root: string;
  let store: FilesystemMediaStore;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'media-store-'));
    store = new FilesystemMediaStore(root);
  });
  afterEach(() => rm(root, { recursive: true }));

  async function files(): Promise<string[]> {
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  }

  async function* bytes(count: number, then?: () => Promise<void> | void): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(count, 'x');
    await then?.();
  }

  it('spreads files over directories by the digits of their ids', async () => {
    const id = 'video_abcd0000000000000000000000000000.mp4';
    await store.put(id, bytes(1), { maxBytes: 1 });
    expect(await files()).toEqual([join(root, 'ab', 'cd', id)]);
  });

  it('shows nothing under the id before all is written', async () => {
    const id = newId();
    let during: string[] = [];
    const look = async () => {
      during = await files();
    };
    await store.put(id, bytes(10, look), { maxBytes: 10 });
    expect(during).toHaveLength(1);
    expect(during[0]).toContain(join(root, 'tmp', id));
  });

  it('leaves no temporary file after a failure', async () => {
    const abort = new AbortController();
    const fail = () => {
      throw new Error('cut');
    };
    const never = () => new Promise<void>(() => abort.abort());
    const failures = [
      store.put(newId(), bytes(10, fail), { maxBytes: 10 }),
      store.put(newId(), bytes(11), { maxBytes: 10 }),
      store.put(newId(), bytes(0), { maxBytes: 10 }),
      store.put(newId(), bytes(10, never), { maxBytes: 10, signal: abort.signal }),
    ];
    const outcomes = await Promise.allSettled(failures);
    expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
    expect(await files()).toEqual([]);
  });

  it('sweeps by the time of storing, and temporary files after an hour', async () => {
    const now = Date.now();
    const minutesAgo = (minutes: number) => new Date(now - minutes * 60_000);
    const [old, young] = [newId('mp4'), newId('mp4')];
    for (const id of [old, young]) await store.put(id, bytes(10), { maxBytes: 10 });
    for (const path of await files()) {
      await utimes(path, minutesAgo(0), minutesAgo(path.endsWith(old) ? 30 : 10));
    }
    for (const [name, minutes] of [
      ['dead', 61],
      ['alive', 59],
    ] as const) {
      const path = join(root, 'tmp', name);
      await writeFile(path, 'half');
      await utimes(path, minutesAgo(0), minutesAgo(minutes));
    }
    const keep = async () => new Set<string>();
    const swept = await new FilesystemMediaStore(root, () => now).sweep({
      olderThan: minutesAgo(20),
      keep,
      batch: 100,
    });
    expect(swept).toEqual({ files: 2, bytes: 14 });
    expect(await store.stat(old)).toBeUndefined();
    expect(await store.stat(young)).toBeDefined();
    expect(await readdir(join(root, 'tmp'))).toEqual(['alive']);
  });

  it('survives two sweeps at once', async () => {
    for (let n = 0; n < 20; n++) await store.put(newId(), bytes(1), { maxBytes: 1 });
    const sweep = () =>
      store.sweep({ olderThan: new Date(Date.now() + 60_000), keep: async () => new Set(), batch: 5 });
    const [one, two] = await Promise.all([sweep(), sweep()]);
    expect(one.files + two.files).toBe(20);
    expect(await files()).toEqual([]);
  });

  it('holds neither a file that is written nor one that is read in memory', async () => {
    const MB = 1_048_576;
    const written = createHash('sha256');
    let peak = 0;
    const measure = () => {
      peak = Math.max(peak, process.memoryUsage.rss());
    };
    async function* source(megabytes: number): AsyncGenerator<Uint8Array> {
      for (let n = 0; n < megabytes * 16; n++) {
        const chunk = Buffer.alloc(MB / 16, n);
        written.update(chunk);
        measure();
        yield chunk;
      }
    }
    const id = newId('mp4');
    const start = process.memoryUsage.rss();
    await store.put(id, source(200), { maxBytes: 200 * MB });
    const opened = await store.open(id);
    if (!opened) throw new Error('not there');
    const read = createHash('sha256');
    for await (const chunk of opened.stream) {
      read.update(chunk);
      measure();
    }
    expect(read.digest('hex')).toBe(written.digest('hex'));
    expect(peak - start).toBeLessThan(64 * MB);
  });
});
