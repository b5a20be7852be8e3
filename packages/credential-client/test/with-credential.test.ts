import type { Credential } from '@grok2api/contracts';
import { createXaiUpstream, type GrokUpstream, UpstreamError } from '@grok2api/grok-upstream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  answer,
  hang,
  hangUp,
  type Script,
  ScriptedServer,
} from '../../../packages/grok-upstream/test/scripted-server.js';
import { VIDEO } from '../../../services/token-pool/test/fixture.js';
import {
  type BegunCall,
  type CallPlan,
  type CredentialClient,
  NoCredentialError,
  PoolUnavailableError,
  withCredential,
} from '../src/index.js';
import { Holders, take, until } from './holders.js';

const OK = answer(200, { request_id: 'made' });
const RATE_LIMITED = answer(429, { code: 'resource-exhausted', error: 'Too many requests' });
const NO_CREDITS = answer(429, { error: 'Your team has used all available credits' });
const WRONG_KEY = answer(400, { error: 'Incorrect API key provided: xa***1' });
const REFUSED = answer(503, { error: 'The service is overloaded' });
let holders: Holders;
let upstream: GrokUpstream;
let server: ScriptedServer;

beforeAll(async () => {
  holders = await Holders.start();
});
beforeEach(async () => {
  upstream = createXaiUpstream();
  server = await ScriptedServer.start();
});
afterEach(async () => {
  await holders.reset();
  await upstream.close();
  await server.stop();
});
afterAll(() => holders.destroy());

/** Keys in the order in which the upstream was asked with them. */
function asked(): string[] {
  return server.requests.map(({ headers }) => headers.authorization?.replace('Bearer ', '') ?? '');
}

/** The upstream answers the first calls with these, one after the other, and all further ones with the last. */
function play(...scripts: Script[]): void {
  let next = 0;
  server.play((response, request) => scripts[Math.min(next++, scripts.length - 1)]?.(response, request));
}

function start(keys: number, env: Record<string, string> = {}) {
  const names = Array.from({ length: keys }, (_, index) => `xai-${index + 1}`);
  return holders.fixture.startPool({ XAI_API_KEYS: names.join(','), ...env });
}

function call(client: CredentialClient, changes: Partial<CallPlan> = {}): Promise<BegunCall<{ jobId: string }>> {
  const signal = changes.signal ?? new AbortController().signal;
  const plan = { model: VIDEO, maxTries: 3, waitMs: 0, signal, random: () => 0.5, ...changes };
  // The token pool knows another address, so that only the calls come here.
  const create = (credential: Credential) =>
    upstream.createVideo(
      { ...credential, base_url: `${server.origin}/v1` },
      { model: VIDEO, prompt: 'a cat', durationS: 6, aspectRatio: '1:1', resolution: '480p' },
      { signal },
    );
  return withCredential(client, plan, create);
}

async function failure(begun: Promise<unknown>): Promise<unknown> {
  return begun.then(
    () => expect.unreachable('it should have failed'),
    (err: unknown) => err,
  );
}

function model() {
  return holders.fixture.database.credentialModel.findFirst({ where: { model: VIDEO } });
}

describe('withCredential', () => {
  it('keeps the credential in use until the end of the call', async () => {
    await start(1, { CREDENTIAL_MAX_CONCURRENCY: '1' });
    play(OK);
    const client = holders.client();
    const begun = await call(client);
    expect(begun.value).toEqual({ jobId: 'made' });
    expect(await failure(call(client))).toMatchObject({ name: 'NoCredentialError', reason: 'busy' });
    begun.end('ok');
    (await call(client)).end('ok');
  });

  it.each([
    ['a rate limit', RATE_LIMITED],
    ['a wrong key', WRONG_KEY],
    ['spent credits', NO_CREDITS],
    ['a missing permission', answer(403, { error: 'The key lacks permission' })],
    ['a fault', REFUSED],
  ])('tries another credential at once after %s', async (_, refusal) => {
    await start(2);
    play(refusal, OK);
    const begunAt = performance.now();
    const begun = await call(holders.client());
    expect(performance.now() - begunAt).toBeLessThan(1_500);
    expect(new Set(asked()).size).toBe(2);
    expect(begun.credentialId).toMatch(/^cred_/);
    begun.end('ok');
  });

  it('reports each failure, and does not use the credential again', async () => {
    await start(2);
    play(WRONG_KEY, OK);
    const client = holders.client();
    for (let i = 0; i < 4; i++) (await call(client)).end('ok');
    const [dead] = asked();
    expect(asked().filter((key) => key === dead)).toHaveLength(1);
    const row = await holders.fixture.database.credential.findFirst({ where: { enabled: false } });
    expect(row).toMatchObject({
      disabledReason: 'dead',
      disabledMessage: expect.stringContaining('Incorrect API key'),
    });
  });

  it('makes at most so many calls', async () => {
    await start(5);
    play(REFUSED);
    expect(await failure(call(holders.client()))).toMatchObject({ fault: 'transient', status: 503 });
    expect(new Set(asked()).size).toBe(3);
    expect(asked()).toHaveLength(3);
  });

  it.each([
    ['refused content', answer(400, { code: 'imagine:content-moderated', error: 'Rejected' }), 'moderated'],
    ['a bad request', answer(422, { error: 'duration must be below 16' }), 'bad_request'],
    ['a create that may have been taken', answer(502, '<html>'), 'transient'],
    ['a cut answer', hangUp, 'transient'],
  ])('does not try again after %s', async (_, refusal, fault) => {
    await start(3);
    play(refusal);
    expect(await failure(call(holders.client()))).toMatchObject({ fault });
    expect(asked()).toHaveLength(1);
  });

  it.each([
    ['refused content', answer(400, { code: 'imagine:content-moderated', error: 'Rejected' })],
    ['a bad request', answer(422, { error: 'duration must be below 16' })],
  ])('holds nothing against a credential for %s', async (_, refusal) => {
    await start(1);
    play(refusal, OK);
    const client = holders.client();
    await failure(call(client));
    await client.close();
    expect(await model()).toBeNull();
  });

  it('ends with the abort, which counts against nobody', async () => {
    await start(2);
    play(hang);
    const client = holders.client();
    const controller = new AbortController();
    const begun = call(client, { signal: controller.signal });
    await server.received(1);
    controller.abort(new Error('the client left'));
    expect(await failure(begun)).toMatchObject({ fault: 'aborted' });
    expect(asked()).toHaveLength(1);
    await client.close();
    expect(await model()).toBeNull();
  });

  it('waits for a slot while all are busy, up to its time', async () => {
    await start(1, { CREDENTIAL_MAX_CONCURRENCY: '1' });
    play(OK);
    const client = holders.client();
    const first = await call(client);
    const second = call(client, { waitMs: 10_000 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    first.end('ok');
    const begun = await second;
    const begunAt = performance.now();
    const err = await failure(call(client, { waitMs: 500 }));
    expect(performance.now() - begunAt).toBeGreaterThanOrEqual(495);
    expect(err).toBeInstanceOf(NoCredentialError);
    expect(err).toMatchObject({ reason: 'busy', retryAfterMs: expect.any(Number) });
    begun.end('ok');
  });

  it('says at once when the first one is back while all of them rest', async () => {
    await start(2);
    play(
      answer(429, { error: 'Too many requests' }, { 'retry-after': '50' }),
      answer(429, '', { 'retry-after': '20' }),
    );
    const client = holders.client();
    const begunAt = performance.now();
    for (let i = 0; i < 2; i++) {
      const err = await failure(call(client, { waitMs: 10_000 }));
      expect(err).toMatchObject({ name: 'NoCredentialError', reason: 'cooling' });
      if (!(err instanceof NoCredentialError)) continue;
      expect(err.retryAfterMs).toBeGreaterThan(10_000);
      expect(err.retryAfterMs).toBeLessThanOrEqual(20_000);
    }
    expect(performance.now() - begunAt).toBeLessThan(3_000);
    expect(asked()).toHaveLength(2);
  });

  it('pauses before it tries the only credential again', async () => {
    await start(1);
    play(REFUSED, REFUSED, OK);
    const begunAt = performance.now();
    (await call(holders.client())).end('ok');
    expect(performance.now() - begunAt).toBeGreaterThanOrEqual(200 + 400);
    expect(asked()).toHaveLength(3);
  });

  it('does so too where the only credential has a single slot', async () => {
    await start(1, { CREDENTIAL_MAX_CONCURRENCY: '1' });
    play(REFUSED, OK);
    (await call(holders.client())).end('ok');
    expect(asked()).toHaveLength(2);
  });

  it('keeps to a sticky credential', async () => {
    await start(6);
    play(OK);
    const clients = [holders.client(), holders.client()];
    for (let i = 0; i < 8; i++) {
      const client = clients[i % 2];
      if (client) (await call(client, { sticky: 'conversation' })).end('ok');
    }
    expect(new Set(asked()).size).toBe(1);
  });

  it('tells a token pool that is away from credentials that are busy', async () => {
    const client = holders.client();
    const err = await failure(call(client));
    expect(err).toBeInstanceOf(PoolUnavailableError);
    expect(err).toMatchObject({ reason: 'pool_unavailable', retryAfterMs: 1_000 });
  });

  it('lives on its grants while the token pool is away', async () => {
    const pool = await start(1);
    play(OK);
    const client = holders.client();
    (await call(client)).end('ok');
    await pool.stop();
    (await call(client)).end('ok');
    expect(asked()).toHaveLength(2);
  });

  it('leaves what is no failure of the upstream to the caller, and gives the credential back', async () => {
    await start(1, { CREDENTIAL_MAX_CONCURRENCY: '1' });
    const client = holders.client();
    const plan = { model: VIDEO, maxTries: 3, waitMs: 0, signal: new AbortController().signal, random: () => 0.5 };
    const begun = withCredential(client, plan, () => Promise.reject(new TypeError('a bug')));
    await expect(begun).rejects.toThrow('a bug');
    await (await take(client)).release();
    await until(async () => (await holders.grantedSlots()) === 0);
  });

  it('throws errors of the upstream as they are', async () => {
    await start(1);
    play(answer(404, { code: 'not-found', error: 'No such model' }));
    expect(await failure(call(holders.client()))).toBeInstanceOf(UpstreamError);
  });
});
