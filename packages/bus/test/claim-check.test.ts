import { readdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { FilesystemMediaStore } from '@grok2api/media-store';
import { tempDir } from '@grok2api/testkit';
import { connect, headers } from 'nats';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Bus, RequestTooLargeError } from '../src/index.js';
import { TestBuses, until } from './test-buses.js';
import { aborted, failure, gate, openOptions, standIn, textRpc, texts } from './test-streams.js';

const BIG = 'x'.repeat(5_000_000);

let buses: TestBuses;
let client: Bus;
let server: Bus;
let directory: Awaited<ReturnType<typeof tempDir>>;
let store: FilesystemMediaStore;

beforeAll(async () => {
  buses = await TestBuses.start();
  [client, server] = [await buses.connect(), await buses.connect()];
});

beforeEach(async () => {
  directory = await tempDir();
  store = new FilesystemMediaStore(directory.path);
  return directory.remove;
});

afterAll(() => buses.stop());

/** The names of what lies in the store. */
async function files(): Promise<string[]> {
  const entries = await readdir(directory.path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

async function emptied(): Promise<void> {
  while ((await files()).length > 0) await server.flush();
}

/** A service that answers with the length of the request when it is told to. */
async function measuring(claimCheck = true) {
  const rpc = textRpc();
  const handled = gate<AbortSignal>();
  const end = gate();
  server.serveStream(
    rpc,
    async (request, reply, { signal }) => {
      handled.open(signal);
      await Promise.race([end.opened, aborted(signal)]);
      await reply.write(Buffer.from(String(request.length)));
    },
    { maxInFlight: 10, ...(claimCheck ? { claimCheck: store } : {}) },
  );
  await server.flush();
  return { rpc, handled: handled.opened, end: end.open };
}

describe('a request that is too big for a message', () => {
  it('goes through the media store, and is removed from there at the end', async () => {
    const { rpc, handled, end } = await measuring();
    const stream = client.openStream(rpc, BIG, openOptions({ claimCheck: store }));
    await handled;
    expect(await files()).toEqual([expect.stringMatching(/^request_[0-9a-f]{32}\.json$/)]);
    end();
    expect(await texts(stream)).toEqual(['5000000']);
    await emptied();
  });

  it('is removed when the requester leaves', async () => {
    const { rpc, handled } = await measuring();
    const stream = client.openStream(rpc, BIG, openOptions({ claimCheck: store }));
    const signal = await handled;
    stream.cancel();
    await aborted(signal);
    await emptied();
  });

  it('is removed, and not sent, when the requester leaves before it is stored', async () => {
    const { rpc, end } = await measuring();
    const controller = new AbortController();
    const aborting = client.openStream(rpc, BIG, openOptions({ claimCheck: store, signal: controller.signal }));
    const leaving = client.openStream(rpc, BIG, openOptions({ claimCheck: store }));
    leaving.cancel();
    controller.abort('left');
    expect((await failure(aborting)).err).toBe('left');
    expect(await texts(leaving)).toEqual([]);
    end();
    expect(await texts(client.openStream(rpc, BIG, openOptions({ claimCheck: store })))).toEqual(['5000000']);
    await emptied();
  });

  it('is removed when nobody is there to take it', async () => {
    const stream = client.openStream(textRpc(), BIG, openOptions({ claimCheck: store }));
    expect((await failure(stream)).err).toMatchObject({ name: 'NoResponderError' });
    await emptied();
  });

  it('goes with the sweep when its requester was killed', async () => {
    const { rpc, handled } = await measuring();
    const env = { SUBJECT: rpc.subject, CHARACTERS: '5000000', MEDIA_DIR: directory.path };
    const child = await standIn('requester', { NATS_URL: buses.server.url, ...env });
    const signal = await handled;
    child.kill('SIGKILL');
    expect(await aborted(signal)).toMatchObject({ reason: { leave: 'died' } });
    expect(await files()).toHaveLength(1);
    const olderThan = new Date(Date.now() + 1_000);
    expect(await store.sweep({ olderThan, keep: async () => new Set(), batch: 10 })).toMatchObject({ files: 1 });
    expect(await files()).toEqual([]);
  });

  it('is refused without a store, and beyond 64 MB with one', async () => {
    const { rpc } = await measuring();
    const without = await failure(client.openStream(rpc, BIG, openOptions()));
    expect(without.err).toBeInstanceOf(RequestTooLargeError);
    expect(without.err).toMatchObject({ subject: rpc.subject, bytes: 5_000_002, maxBytes: 900 * 1024 });
    const huge = 'x'.repeat(64 * 1024 * 1024);
    const beyond = await failure(client.openStream(rpc, huge, openOptions({ claimCheck: store })));
    expect(beyond.err).toMatchObject({ name: 'RequestTooLargeError', maxBytes: 64 * 1024 * 1024 });
    expect(await files()).toEqual([]);
  });

  it('is sent whole as long as it fits', async () => {
    const { rpc, end } = await measuring(false);
    end();
    const fits = 'x'.repeat(900 * 1024 - 2);
    expect(await texts(client.openStream(rpc, fits, openOptions()))).toEqual([String(900 * 1024 - 2)]);
  });

  it('fails as the store does', async () => {
    const { rpc } = await measuring();
    const broken = new FilesystemMediaStore('/dev/null/nowhere');
    const { err } = await failure(client.openStream(rpc, BIG, openOptions({ claimCheck: broken })));
    expect(err).toMatchObject({ code: 'ENOTDIR' });
  });

  it.each([
    ['not there', `request_${'0'.repeat(32)}.json`],
    ['a picture', `file_${'0'.repeat(32)}.png`],
    ['no id', '../../etc/passwd'],
  ])('is refused by the responder when what it claims is %s', async (_, id) => {
    const { rpc } = await measuring();
    await store.put(`file_${'0'.repeat(32)}.png`, Readable.from([Buffer.from('"a picture"')]), { maxBytes: 100 });
    const { host, username, password } = new URL(buses.server.url);
    const raw = await connect({ servers: host, user: username, pass: password });
    const sent = headers();
    sent.set('X-Request-Id', 'req_1');
    sent.set('Grok-Deadline-Ms', '700');
    sent.set('Grok-Claim', id);
    const frames: Buffer[] = [];
    raw.subscribe('frames', { callback: (_err, message) => void frames.push(Buffer.from(message.data)) });
    raw.publish(rpc.subject, '', { reply: 'frames', headers: sent });
    await until(() => frames.length === 2);
    expect(frames[1]?.toString()).toContain('internal_error');
    await raw.close();
  });
});
