import { startTestProxy, type TestProxy } from '@grok2api/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createXaiUpstream, type GrokUpstream } from '../src/index.js';
import { answer, hangUp, ScriptedServer } from './scripted-server.js';
import { credentialFor, failureOf, untilDone, VIDEO } from './support.js';

/** A name that nobody here resolves. */
const UPSTREAM = 'http://upstream.example:8080';

let server: ScriptedServer;
let proxy: TestProxy;
let upstream: GrokUpstream;

beforeEach(async () => {
  server = await ScriptedServer.start();
});

afterEach(async () => {
  await upstream.close();
  await proxy.close();
  await server.stop();
});

async function start(status?: number): Promise<void> {
  proxy = await startTestProxy(Number(new URL(server.origin).port), () => status ?? 200);
  const proxyUrl = proxy.url.replace('//', '//me:secret@');
  upstream = createXaiUpstream({ proxyUrl, createTimeoutMs: 5_000, answerTimeoutMs: 5_000 });
}

const credential = () => credentialFor(UPSTREAM);
const create = () => upstream.createVideo(credential(), VIDEO, untilDone());

describe('with a proxy', () => {
  it('calls go through it, to the name of the upstream, and nobody else learns of its password', async () => {
    await start();
    server.play(answer(200, { request_id: 'job-1' }));
    expect(await create()).toMatchObject({ jobId: 'job-1' });
    const authorization = `Basic ${Buffer.from('me:secret').toString('base64')}`;
    expect(proxy.asked).toEqual([{ target: 'upstream.example:8080', authorization }]);
    expect(server.requests[0]?.headers).toMatchObject({ host: 'upstream.example:8080' });
    expect(server.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
  });

  it('polls share a tunnel, and each create has its own', async () => {
    await start();
    server.play(answer(202, { status: 'pending', progress: 1 }));
    for (let polls = 0; polls < 10; polls++) await upstream.pollVideo(credential(), 'job-1', untilDone());
    const shared = proxy.asked.length;
    // A poll may come before the tunnel of the one before is free again.
    expect(shared).toBeLessThan(5);
    server.play(answer(200, { request_id: 'job-1' }));
    await create();
    await create();
    expect(proxy.asked).toHaveLength(shared + 2);
  });

  it('a create did not leave when the proxy refuses or is away, and may have when it breaks after that', async () => {
    await start(503);
    expect(await failureOf(create())).toMatchObject({ fault: 'transient', submitted: 'no' });
    await proxy.close();
    expect(await failureOf(create())).toMatchObject({ fault: 'transient', submitted: 'no' });
    await upstream.close();
    await start();
    server.play(hangUp);
    expect(await failureOf(create())).toMatchObject({ fault: 'transient', submitted: 'unknown' });
    expect(server.requests).toHaveLength(1);
  });
});

describe('a credential with a proxy of its own', () => {
  it('goes through that, whatever the proxy of all calls is', async () => {
    await start();
    const own = await startTestProxy(Number(new URL(server.origin).port));
    const withOwn = { ...credential(), proxy_url: own.url.replace('//', '//you:pass%40word@') };
    server.play(answer(200, { request_id: 'job-1' }));
    await upstream.createVideo(withOwn, VIDEO, untilDone());
    server.play(answer(202, { status: 'pending', progress: 1 }));
    await upstream.pollVideo(withOwn, 'job-1', untilDone());
    const authorization = `Basic ${Buffer.from('you:pass@word').toString('base64')}`;
    expect(own.asked).toEqual(Array(2).fill({ target: 'upstream.example:8080', authorization }));
    expect(proxy.asked).toEqual([]);
    await own.close();
  });

  it('has faults that name no proxy when that is away, and others go on', async () => {
    await start();
    const away = { ...credential(), proxy_url: 'http://you:hidden@127.0.0.1:9' };
    const failure = await failureOf(upstream.createVideo(away, VIDEO, untilDone()));
    expect(failure).toMatchObject({ fault: 'transient', submitted: 'no' });
    expect(failure.message).not.toMatch(/hidden|127\.0\.0\.1/);
    server.play(answer(200, { request_id: 'job-1' }));
    await create();
  });

  it('keeps the connections of the proxies that were used last, not of all', async () => {
    await start();
    server.play(answer(202, { status: 'pending', progress: 1 }));
    const poll = (user: number) => {
      const proxy_url = proxy.url.replace('//', `//user-${user}:x@`);
      return upstream.pollVideo({ ...credential(), proxy_url }, 'job-1', untilDone());
    };
    const [USERS, AT_ONCE] = [250, 25];
    // Many at a time, so that it is over before the first connections are closed for having nothing to do.
    for (let first = 0; first < USERS; first += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => poll(first + n)));
    }
    expect(proxy.asked).toHaveLength(USERS);
    await expect.poll(() => proxy.open()).toBeLessThanOrEqual(202);
    expect(proxy.open()).toBeGreaterThan(150);
    // One that was closed begins again.
    await poll(0);
    expect(proxy.asked).toHaveLength(USERS + 1);
  });
});
