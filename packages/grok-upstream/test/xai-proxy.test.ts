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
