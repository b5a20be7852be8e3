import { randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { type FileHandle, mkdir, open, opendir, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type MediaId, parseMediaId, requireMediaId } from './media-id.js';
import {
  type ByteRange,
  MediaRangeError,
  type MediaSource,
  type MediaStat,
  type MediaStore,
  type OpenMedia,
  type PutOptions,
  type SweepOptions,
  type SweepResult,
} from './media-store.js';
import { readSource } from './read-source.js';
import { streamFile } from './stream-file.js';

const HOUR_MS = 3_600_000;

/**
 * Media as files below one directory, which may be shared by several processes and hosts. A file lies in
 * `ROOT/01/23/file_0123….jpg`, so that no directory grows large; `ROOT/tmp` has the files being written.
 * The file's modification time is when it was stored.
 */
export class FilesystemMediaStore implements MediaStore {
  readonly #root: string;
  readonly #tmp: string;
  readonly #now: () => number;

  constructor(root: string, now: () => number = Date.now) {
    this.#root = root;
    this.#tmp = join(root, 'tmp');
    this.#now = now;
  }

  async put(id: string, source: MediaSource, options: PutOptions): Promise<{ bytes: number }> {
    const path = this.#path(requireMediaId(id));
    const tmp = join(this.#tmp, `${id}.${randomUUID()}`);
    await mkdir(this.#tmp, { recursive: true });
    try {
      const file = await open(tmp, 'wx');
      let bytes = 0;
      try {
        for await (const chunk of readSource(source, options)) {
          bytes += chunk.byteLength;
          await file.writeFile(chunk);
        }
        await file.sync();
      } finally {
        await file.close();
      }
      const created = await mkdir(dirname(path), { recursive: true });
      await rename(tmp, path);
      // Without this a power failure may take the file's name, though not its bytes.
      await syncDirectory(dirname(path));
      if (created) {
        await syncDirectory(dirname(dirname(path)));
        await syncDirectory(this.#root);
      }
      return { bytes };
    } catch (error) {
      await rm(tmp, { force: true });
      throw error;
    }
  }

  async stat(id: string): Promise<MediaStat | undefined> {
    const media = requireMediaId(id);
    const stats = await unlessAbsent(stat(this.#path(media), { bigint: true }));
    return stats && toMediaStat(media, stats);
  }

  async open(id: string, range?: ByteRange): Promise<OpenMedia | undefined> {
    const media = requireMediaId(id);
    const file = await unlessAbsent(open(this.#path(media), 'r'));
    if (!file) return undefined;
    try {
      return await openMedia(media, file, range);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async delete(id: string): Promise<void> {
    await rm(this.#path(requireMediaId(id)), { force: true });
  }

  async sweep({ olderThan, keep, batch }: SweepOptions): Promise<SweepResult> {
    const result = { files: 0, bytes: 0 };
    const remove = async (path: string, bytes: number) => {
      const removed = await unlessAbsent(unlink(path).then(() => true));
      if (!removed) return;
      result.files++;
      result.bytes += bytes;
    };
    const removeUnneeded = async (old: Map<string, FoundFile>) => {
      const needed = old.size > 0 ? await keep([...old.keys()]) : new Set<string>();
      for (const [id, { path, bytes }] of old) if (!needed.has(id)) await remove(path, bytes);
      old.clear();
    };

    const old = new Map<string, FoundFile>();
    for await (const file of this.#mediaFiles()) {
      if (file.storedAt >= olderThan.getTime()) continue;
      old.set(file.name, file);
      if (old.size >= batch) await removeUnneeded(old);
    }
    await removeUnneeded(old);

    for await (const file of filesIn(this.#tmp)) {
      if (file.storedAt < this.#now() - HOUR_MS) await remove(file.path, file.bytes);
    }
    return result;
  }

  #path({ id, hex }: MediaId): string {
    return join(this.#root, hex.slice(0, 2), hex.slice(2, 4), id);
  }

  async *#mediaFiles(): AsyncGenerator<FoundFile> {
    for (const outer of await hexDirectories(this.#root)) {
      for (const inner of await hexDirectories(outer)) {
        for await (const file of filesIn(inner)) if (parseMediaId(file.name)) yield file;
      }
    }
  }
}

interface FoundFile {
  name: string;
  path: string;
  bytes: number;
  /** Milliseconds since 1970. */
  storedAt: number;
}

async function* filesIn(directory: string): AsyncGenerator<FoundFile> {
  const entries = await unlessAbsent(opendir(directory));
  if (!entries) return;
  for await (const { name } of entries) {
    const path = join(directory, name);
    const stats = await unlessAbsent(stat(path));
    if (stats?.isFile()) yield { name, path, bytes: stats.size, storedAt: stats.mtimeMs };
  }
}

// At most 256 names: an array does.
async function hexDirectories(directory: string): Promise<string[]> {
  const entries = await unlessAbsent(opendir(directory));
  const found: string[] = [];
  if (!entries) return found;
  for await (const { name } of entries) if (/^[0-9a-f]{2}$/.test(name)) found.push(join(directory, name));
  return found;
}

async function openMedia(media: MediaId, file: FileHandle, asked: ByteRange | undefined): Promise<OpenMedia> {
  const stats = toMediaStat(media, await file.stat({ bigint: true }));
  const last = stats.bytes - 1;
  const range = { start: asked?.start ?? 0, end: Math.min(asked?.end ?? last, last) };
  if (range.start < 0 || range.start > range.end) throw new MediaRangeError(stats.bytes);
  return { ...stats, range, stream: streamFile(file, range) };
}

function toMediaStat(media: MediaId, stats: BigIntStats): MediaStat {
  return {
    bytes: Number(stats.size),
    createdAt: stats.mtime,
    etag: `"${stats.mtimeNs.toString(16)}-${stats.size.toString(16)}"`,
    contentType: media.contentType,
  };
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** The value, or `undefined` if what it was asked of is not there. */
async function unlessAbsent<Value>(value: Promise<Value>): Promise<Value | undefined> {
  try {
    return await value;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
