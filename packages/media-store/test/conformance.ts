import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MediaEmptyError, MediaRangeError, type MediaStore, MediaTooLargeError } from '../src/index.js';

/** An empty store, and how to put it away. */
export interface StoreUnderTest {
  store: MediaStore;
  dispose(): Promise<void>;
}

let ids = 0;

/** An id that no other test uses. */
export function newId(extension = 'jpg'): string {
  return `file_${(++ids).toString(16).padStart(32, '0')}.${extension}`;
}

const MAX = { maxBytes: 1_000_000 };

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

/** Bytes of a source that never ends by itself; `closed` settles when its reader lets go of it. */
function endless() {
  let close = () => {};
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield Buffer.alloc(1000);
    } finally {
      close();
    }
  }
  return { source: source(), closed };
}

/** What every media store must do, whatever it stores into. */
export function mediaStoreConformance(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(`${name} as a media store`, () => {
    let underTest: StoreUnderTest;
    let store: MediaStore;

    beforeAll(async () => {
      underTest = await create();
      store = underTest.store;
    });
    afterAll(() => underTest.dispose());

    async function read(id: string, range?: { start: number; end: number }): Promise<string> {
      const opened = await store.open(id, range);
      if (!opened) throw new Error('not there');
      return (await buffer(opened.stream)).toString();
    }

    describe('put', () => {
      it.each([
        ['mp4', 'video/mp4'],
        ['jpg', 'image/jpeg'],
        ['png', 'image/png'],
        ['webp', 'image/webp'],
      ])('stores .%s as %s', async (extension, contentType) => {
        const id = newId(extension);
        const before = Date.now();
        expect(await store.put(id, chunks('he', 'llo'), MAX)).toEqual({ bytes: 5 });
        const stat = await store.stat(id);
        expect(stat).toEqual({ bytes: 5, contentType, createdAt: expect.any(Date), etag: expect.any(String) });
        expect(stat?.etag).toMatch(/^"[\x21\x23-\x7e]+"$/);
        // A store may keep whole seconds only, by a clock of its own.
        expect(Math.abs((stat?.createdAt.getTime() ?? 0) - before)).toBeLessThan(60_000);
        expect(await read(id)).toBe('hello');
      });

      it('takes a Node stream', async () => {
        const id = newId();
        await store.put(id, Readable.from([Buffer.from('stream')]), MAX);
        expect(await read(id)).toBe('stream');
      });

      it('replaces a file, with another etag', async () => {
        const id = newId();
        await store.put(id, chunks('one'), MAX);
        const first = await store.stat(id);
        await store.put(id, chunks('second'), MAX);
        expect(await read(id)).toBe('second');
        expect((await store.stat(id))?.etag).not.toBe(first?.etag);
      });

      it('takes exactly maxBytes', async () => {
        const id = newId();
        expect(await store.put(id, chunks('123', '45'), { maxBytes: 5 })).toEqual({ bytes: 5 });
      });

      it('refuses more than maxBytes, lets go of the source and keeps the former file', async () => {
        const id = newId();
        await store.put(id, chunks('former'), MAX);
        const { source, closed } = endless();
        await expect(store.put(id, source, { maxBytes: 12_345 })).rejects.toThrow(MediaTooLargeError);
        await closed;
        expect(await read(id)).toBe('former');
      });

      it('refuses an empty source', async () => {
        const id = newId();
        await expect(store.put(id, chunks(), MAX)).rejects.toThrow(MediaEmptyError);
        expect(await store.stat(id)).toBeUndefined();
      });

      it('fails with the error of its source', async () => {
        const id = newId();
        const error = new Error('cut');
        async function* cut(): AsyncGenerator<Uint8Array> {
          yield Buffer.from('half');
          throw error;
        }
        await expect(store.put(id, cut(), MAX)).rejects.toBe(error);
        expect(await store.stat(id)).toBeUndefined();
      });

      it('stops at the signal, also while a stream is silent, and destroys the stream', async () => {
        const id = newId();
        const silent = new PassThrough();
        silent.write('first');
        const closed = once(silent, 'close');
        const abort = new AbortController();
        const put = store.put(id, silent, { ...MAX, signal: abort.signal });
        const reason = new Error('the worker stops');
        setImmediate(() => abort.abort(reason));
        await expect(put).rejects.toBe(reason);
        await closed;
        expect(await store.stat(id)).toBeUndefined();
      });

      it('stops at the signal while a generator is silent or never is', async () => {
        async function* silent(): AsyncGenerator<Uint8Array> {
          yield Buffer.from('first');
          await new Promise(() => {});
        }
        for (const source of [silent(), endless().source]) {
          const abort = new AbortController();
          const put = store.put(newId(), source, { maxBytes: Number.MAX_SAFE_INTEGER, signal: abort.signal });
          setImmediate(() => abort.abort());
          await expect(put).rejects.toMatchObject({ name: 'AbortError' });
        }
        const put = store.put(newId(), chunks('x'), { ...MAX, signal: AbortSignal.abort() });
        await expect(put).rejects.toMatchObject({ name: 'AbortError' });
      });

      it('leaves one complete file of many writers of one id', async () => {
        const id = newId();
        const contents = Array.from({ length: 12 }, (_, n) => String.fromCharCode(97 + n).repeat(30_000 + n));
        await Promise.all(contents.map((text) => store.put(id, chunks(text.slice(0, 100), text.slice(100)), MAX)));
        expect(contents).toContain(await read(id));
      });
    });

    describe('open', () => {
      it('reads any range', async () => {
        const id = newId();
        const text = '0123456789'.repeat(20_000);
        await store.put(id, chunks(text), MAX);
        const position = fc.nat({ max: text.length - 1 });
        await fc.assert(
          fc.asyncProperty(position, position, async (a, b) => {
            const [start, end] = [Math.min(a, b), Math.max(a, b)];
            const opened = await store.open(id, { start, end });
            if (!opened) throw new Error('not there');
            expect(opened.range).toEqual({ start, end });
            expect(opened.bytes).toBe(text.length);
            expect((await buffer(opened.stream)).toString()).toBe(text.slice(start, end + 1));
          }),
          { numRuns: 50 },
        );
      });

      it('ends a range at the end of the file', async () => {
        const id = newId();
        await store.put(id, chunks('0123456789'), MAX);
        const opened = await store.open(id, { start: 7, end: 1000 });
        opened?.stream.destroy();
        expect(opened?.range).toEqual({ start: 7, end: 9 });
        expect(await read(id, { start: 7, end: 1000 })).toBe('789');
      });

      it.each([
        { start: 10, end: 10 },
        { start: 5, end: 4 },
        { start: -1, end: 4 },
      ])('refuses the range $start-$end of ten bytes', async (range) => {
        const id = newId();
        await store.put(id, chunks('0123456789'), MAX);
        await expect(store.open(id, range)).rejects.toThrow(MediaRangeError);
      });

      it('keeps the bytes of what is open, whatever happens to the id', async () => {
        const id = newId();
        const text = 'former '.repeat(50_000);
        await store.put(id, chunks(text), MAX);
        const [one, two] = [await store.open(id), await store.open(id)];
        await store.put(id, chunks('newer'), MAX);
        const three = await store.open(id);
        await store.delete(id);
        if (!one || !two || !three) throw new Error('not there');
        expect((await buffer(one.stream)).toString()).toBe(text);
        expect(await buffer(two.stream)).toHaveLength(two.bytes);
        expect((await buffer(three.stream)).toString()).toBe('newer');
      });

      it('has the same stat as stat', async () => {
        const id = newId();
        await store.put(id, chunks('stat'), MAX);
        const opened = await store.open(id);
        opened?.stream.destroy();
        expect(opened).toMatchObject((await store.stat(id)) ?? {});
      });
    });

    it('says that what was never there, or is deleted, is not there', async () => {
      const id = newId();
      expect(await store.stat(id)).toBeUndefined();
      expect(await store.open(id)).toBeUndefined();
      await store.delete(id);
      await store.put(id, chunks('x'), MAX);
      await store.delete(id);
      expect(await store.stat(id)).toBeUndefined();
      expect(await store.open(id)).toBeUndefined();
    });

    it.each([
      '',
      '../../etc/passwd',
      `../${newId()}`,
      `${newId()}/..`,
      `file_${'0'.repeat(31)}.jpg`,
      `file_${'0'.repeat(32)}.exe`,
      `file_${'A'.repeat(32)}.jpg`,
      `file_${'0'.repeat(32)}.jpg\n`,
      `file_${'0'.repeat(32)}.jpg\0`,
      `other_${'0'.repeat(32)}.jpg`,
      '__proto__',
    ])('refuses the id %j', async (id) => {
      const refusal = { name: 'InvalidMediaIdError' };
      await expect(store.put(id, chunks('x'), MAX)).rejects.toMatchObject(refusal);
      await expect(store.stat(id)).rejects.toMatchObject(refusal);
      await expect(store.open(id)).rejects.toMatchObject(refusal);
      await expect(store.delete(id)).rejects.toMatchObject(refusal);
    });

    it('sweeps the files that nobody needs, asked in batches', async () => {
      const { store: fresh, dispose } = await create();
      const stored = Array.from({ length: 7 }, () => newId('mp4'));
      for (const id of stored) await fresh.put(id, chunks('1234'), MAX);
      const kept = new Set(stored.slice(0, 2));
      const asked: string[][] = [];
      const keep = async (batch: string[]) => {
        asked.push(batch);
        return kept;
      };
      const past = new Date(Date.now() - 120_000);
      expect(await fresh.sweep({ olderThan: past, keep, batch: 3 })).toEqual({ files: 0, bytes: 0 });
      expect(asked).toEqual([]);
      const future = new Date(Date.now() + 120_000);
      expect(await fresh.sweep({ olderThan: future, keep, batch: 3 })).toEqual({ files: 5, bytes: 20 });
      expect(asked.flat().sort()).toEqual([...stored].sort());
      expect(asked.map((batch) => batch.length)).toEqual([3, 3, 1]);
      for (const id of stored) expect((await fresh.stat(id)) !== undefined).toBe(kept.has(id));
      await dispose();
    });
  });
}
