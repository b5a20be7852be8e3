import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { FilesystemMediaStore } from '@grok2api/media-store';
import { createSafeFetch, type SafeFetch } from '@grok2api/safe-fetch';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PictureError } from '../src/picture-error.js';
import { createUpstreamPictures, type UpstreamPictures } from '../src/upstream-pictures.js';
import { noise, redThenBlue } from './picture-files.js';

const UPLOAD = 'file_0123456789abcdef0123456789abcdef.png';
const MIB = 1024 * 1024;
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

async function upload(bytes: Buffer): Promise<{ media: string }> {
  await media.put(UPLOAD, Readable.from([bytes]), { maxBytes: Number.POSITIVE_INFINITY });
  return { media: UPLOAD };
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
  it('becomes a data URL of the very file, typed by its content', async () => {
    const webp = await noise(64, 48).webp().toBuffer();
    // The id says PNG.
    const dataUrl = await pictures.dataUrl(await upload(webp), signal);
    expect(dataUrl).toBe(`data:image/webp;base64,${webp.toString('base64')}`);
  });

  it('becomes one of a smaller picture when the upstream would not take it', async () => {
    const png = await noise(4000, 2500).png({ compressionLevel: 1 }).toBuffer();
    const dataUrl = await pictures.dataUrl(await upload(png), signal);
    expect(dataUrl.startsWith('data:image/jpeg;base64,')).toBe(true);
    expect(Buffer.from(dataUrl.slice(dataUrl.indexOf(',')), 'base64').length).toBeLessThan(10_000_000);
  });

  it('is refused when it is no longer kept', async () => {
    await refused(pictures.dataUrl({ media: UPLOAD }, signal), 'the upload is no longer kept');
  });

  it('is refused unread when it has more than 50 MiB', async () => {
    const image = await upload(Buffer.alloc(50 * MIB + 1));
    await refused(pictures.dataUrl(image, signal), 'it has more than 50 MiB');
  });

  it('is not looked at when the task was left', async () => {
    const image = await upload(await noise(64, 48).webp().toBuffer());
    await expect(pictures.dataUrl(image, AbortSignal.abort('cancelled'))).rejects.toBe('cancelled');
  });
});

describe('an address', () => {
  it('is fetched, and its picture passed on as it is', async () => {
    const jpeg = await noise(64, 48).jpeg().toBuffer();
    const url = await serve((_request, response) => response.setHeader('content-type', 'text/plain').end(jpeg));
    expect(await pictures.dataUrl({ url }, signal)).toBe(`data:image/jpeg;base64,${jpeg.toString('base64')}`);
  });

  it('is fetched, and its picture turned', async () => {
    const lying = await redThenBlue(60, 30).webp().withMetadata({ orientation: 6 }).toBuffer();
    const url = await serve((_request, response) => response.end(lying));
    expect(await pictures.dataUrl({ url }, signal)).toMatch(/^data:image\/jpeg;base64,/);
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

  it('is left at once with the task, and holds up no other picture', async () => {
    const { url, asked, left } = await serveDrops();
    const task = new AbortController();
    const slow = pictures.dataUrl({ url }, task.signal);
    await asked;
    const other = await upload(await noise(64, 48).webp().toBuffer());
    expect(await pictures.dataUrl(other, signal)).toMatch(/^data:image\/webp;base64,/);
    task.abort('cancelled');
    await expect(slow).rejects.toBe('cancelled');
    await left;
  });
});
