import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { FilesystemMediaStore } from '@grok2api/media-store';
import { createSafeFetch, type SafeFetch } from '@grok2api/safe-fetch';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PictureError } from '../src/picture-error.js';
import { createUpstreamPictures, type UpstreamPictures } from '../src/upstream-pictures.js';
import { MIB, noise, openDataUrl, pixelAt, redThenBlue } from './picture-files.js';

const signal = new AbortController().signal;

let root: string;
let media: FilesystemMediaStore;
let safeFetch: SafeFetch;
let pictures: UpstreamPictures;
let server: Server | undefined;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pictures-'));
  media = new FilesystemMediaStore(root);
  safeFetch = createSafeFetch({ allow: ['127.0.0.0/8'] });
  pictures = createUpstreamPictures({ media, safeFetch });
});

afterEach(async () => {
  await safeFetch.close();
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  await rm(root, { recursive: true });
});

async function serve(answer: RequestListener): Promise<string> {
  const started = createServer(answer).listen(0, '127.0.0.1');
  server = started;
  await once(started, 'listening');
  const address = started.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}/picture`;
}

async function upload(bytes: Buffer, number = 0): Promise<{ media: string }> {
  const id = uploadId(number);
  await media.put(id, Readable.from([bytes]), { maxBytes: Number.POSITIVE_INFINITY });
  return { media: id };
}

function uploadId(number: number): string {
  return `file_${number.toString(16).padStart(32, '0')}.png`;
}

function refused(asked: Promise<string>, message: string | RegExp): Promise<void> {
  return expect(asked).rejects.toSatisfy(
    (error) =>
      error instanceof PictureError &&
      (typeof message === 'string' ? error.message === message : message.test(error.message)),
  );
}

/** A server that sends the begin of a picture and then a byte now and then, and tells when it was asked and left. */
async function serveDrops(): Promise<{ url: string; asked: Promise<unknown>; left: Promise<unknown> }> {
  const events = new EventEmitter();
  const png = await noise(100, 100).png().toBuffer();
  const url = await serve((_request, response) => {
    let at = 100;
    response.write(png.subarray(0, at));
    const drip = setInterval(() => response.write(png.subarray(at, ++at)), 50);
    response.on('close', () => {
      clearInterval(drip);
      events.emit('left');
    });
    events.emit('asked');
  });
  return { url, asked: once(events, 'asked'), left: once(events, 'left') };
}

describe('an upload', () => {
  it('becomes a data URL of what it shows', async () => {
    const webp = await redThenBlue(64, 48).webp().toBuffer();
    // The id says PNG.
    const dataUrl = await pictures.dataUrl(await upload(webp), signal);
    expect(dataUrl).toMatch(/^data:image\/jpeg;base64,/);
    const { bytes, metadata } = await openDataUrl(dataUrl);
    expect(metadata).toMatchObject({ format: 'jpeg', width: 64, height: 48 });
    expect((await pixelAt(bytes, 5, 20))[0]).toBeGreaterThan(240);
    expect((await pixelAt(bytes, 60, 20))[2]).toBeGreaterThan(240);
  });

  it('keeps its alpha channel', async () => {
    const dataUrl = await pictures.dataUrl(await upload(await noise(64, 48, 4).png().toBuffer()), signal);
    expect(dataUrl).toMatch(/^data:image\/webp;base64,/);
    expect((await openDataUrl(dataUrl)).metadata).toMatchObject({ format: 'webp', hasAlpha: true });
  });

  it('becomes one of a smaller picture when the upstream would not take it', async () => {
    const png = await noise(4000, 2500).png({ compressionLevel: 1 }).toBuffer();
    const dataUrl = await pictures.dataUrl(await upload(png), signal);
    const { bytes, metadata } = await openDataUrl(dataUrl);
    expect(bytes.length).toBeLessThan(9.5 * MIB);
    expect(metadata).toMatchObject({ format: 'jpeg', width: 2048, height: 1280 });
  });

  it('is refused when it is no longer kept', async () => {
    await refused(pictures.dataUrl({ media: uploadId(1) }, signal), 'the upload is no longer kept');
  });

  it('is refused unread when it has more than 50 MiB', async () => {
    const image = await upload(Buffer.alloc(50 * MIB + 1));
    await refused(pictures.dataUrl(image, signal), 'it has more than 50 MiB');
  });

  it('waits for its turn', async () => {
    const files = await Promise.all([noise(600, 400).png().toBuffer(), redThenBlue(600, 300).jpeg().toBuffer()]);
    const seen: number[] = [];
    // The counters are the whole process's: what earlier tests gave up may still be ending.
    await expect.poll(() => sharp.counters().queue + sharp.counters().process, { timeout: 35_000 }).toBe(0);
    const look = () => seen.push(sharp.counters().process);
    const uploads = await Promise.all(files.map((bytes, index) => upload(bytes, index)));
    sharp.queue.on('change', look);
    try {
      const asked = [...uploads, ...uploads].map((source) => pictures.dataUrl(source, signal));
      await Promise.all([...asked, pictures.prepareEdits([...uploads, ...uploads], signal)]);
    } finally {
      sharp.queue.off('change', look);
    }
    expect(seen.length).toBeGreaterThanOrEqual(8);
    expect(Math.max(...seen)).toBeLessThanOrEqual(1);
  });

  it('is not looked at when the caller has left', async () => {
    const image = await upload(await noise(64, 48).webp().toBuffer());
    await expect(pictures.dataUrl(image, AbortSignal.abort('cancelled'))).rejects.toBe('cancelled');
  });
});

describe('an address', () => {
  it('is fetched, whatever its type is said to be, and its picture turned', async () => {
    const lying = await redThenBlue(60, 30).webp().withMetadata({ orientation: 6 }).toBuffer();
    const url = await serve((_request, response) => response.setHeader('content-type', 'text/plain').end(lying));
    const { metadata } = await openDataUrl(await pictures.dataUrl({ url }, signal));
    expect(metadata).toMatchObject({ format: 'jpeg', width: 30, height: 60 });
  });

  it('is refused when its server has no such file', async () => {
    const jpeg = await noise(64, 48).jpeg().toBuffer();
    const url = await serve((_request, response) => response.writeHead(404).end(jpeg));
    await refused(pictures.dataUrl({ url }, signal), 'its server answered 404');
  });

  it('is refused when it is no picture', async () => {
    const url = await serve((_request, response) => response.setHeader('content-type', 'image/png').end('<html>'));
    await refused(pictures.dataUrl({ url }, signal), 'it is neither PNG, JPEG nor WebP');
  });

  it('is refused when its server says it has more than 50 MiB, and when it sends more', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/picture') response.writeHead(200, { 'content-length': 50 * MIB + 1 }).flushHeaders();
      else response.end(Buffer.alloc(50 * MIB + 1));
    });
    await refused(pictures.dataUrl({ url }, signal), 'it has more than 50 MiB');
    await refused(pictures.dataUrl({ url: `${url}/undeclared` }, signal), 'it has more than 50 MiB');
  });

  it('is refused when it is not public, and the address is not told', async () => {
    const url = await serve((_request, response) => response.end());
    const careful = createSafeFetch();
    const asked = createUpstreamPictures({ media, safeFetch: careful }).dataUrl({ url }, signal);
    await refused(asked, 'the address is not public');
    await careful.close();
  });

  it('is refused when its server is too slow, however steadily it sends', async () => {
    const { url, left } = await serveDrops();
    const impatient = createUpstreamPictures({ media, safeFetch, fetchTimeoutMs: 1000 });
    await refused(impatient.dataUrl({ url }, signal), 'not complete after 1000 ms');
    await left;
  });

  it('is left at once with its caller, and holds up no other picture', async () => {
    const { url, asked, left } = await serveDrops();
    const caller = new AbortController();
    const slow = pictures.dataUrl({ url }, caller.signal);
    await asked;
    const other = await upload(await noise(64, 48).webp().toBuffer());
    expect(await pictures.dataUrl(other, signal)).toMatch(/^data:image\/jpeg;base64,/);
    caller.abort('cancelled');
    await expect(slow).rejects.toBe('cancelled');
    await left;
  });
});
