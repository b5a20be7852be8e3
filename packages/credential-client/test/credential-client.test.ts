import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { acquireGrants } from '@grok2api/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CHAT, type Fixture, NO_UPSTREAM, VIDEO } from '../../../services/token-pool/test/fixture.js';
import { ClosedError, PoolUnavailableError, UnknownCredentialError } from '../src/index.js';
import { Holders, take, until } from './holders.js';

const SIGNAL = new AbortController().signal;
const ONE_SLOT = { XAI_API_KEY: 'xai-1', CREDENTIAL_MAX_CONCURRENCY: '1' };
let holders: Holders;
let fixture: Fixture;

beforeAll(async () => {
  holders = await Holders.start();
  fixture = holders.fixture;
});

afterEach(() => holders.reset());
afterAll(() => holders.destroy());

describe('acquire', () => {
  it('takes one slot, which the next call has at once after the release', async () => {
    await fixture.startPool(ONE_SLOT);
    const client = holders.client();
    const grant = await take(client, [VIDEO, CHAT]);
    expect(grant.credential).toMatchObject({ secret: 'xai-1', base_url: NO_UPSTREAM });
    expect(grant.models).toEqual([VIDEO, CHAT]);
    expect(grant.valid).toBe(true);
    expect(await client.acquire([VIDEO], { signal: SIGNAL })).toEqual({
      status: 'unavailable',
      reason: 'busy',
      retryAfterMs: expect.any(Number),
    });
    await grant.release();
    await grant.release();
    expect(grant.valid).toBe(false);
    expect((await take(client)).valid).toBe(true);
  });

  it('says that the token pool is away, at once when there is none', async () => {
    const taken = await holders.client().acquire([VIDEO], { signal: SIGNAL });
    expect(taken).toEqual({ status: 'unavailable', reason: 'pool_unavailable', retryAfterMs: 1_000 });
  });

  it('waits for a token pool that has much to do', async () => {
    const pool = await fixture.startPool({ XAI_API_KEY: 'xai-1' });
    pool.signal('SIGSTOP');
    const taking = take(holders.client());
    // The first request was given up, and a second one is on its way.
    await until(async () => holders.messages.filter((subject) => subject === acquireGrants.subject).length === 2);
    await sleep(1_500);
    pool.signal('SIGCONT');
    expect((await taking).valid).toBe(true);
  });

  it('says so after some seconds when there is no answer', async () => {
    const pool = await fixture.startPool({ XAI_API_KEY: 'xai-1' });
    pool.signal('SIGSTOP');
    const taken = await holders.client().acquire([VIDEO], { signal: SIGNAL });
    pool.signal('SIGCONT');
    expect(taken).toMatchObject({ reason: 'pool_unavailable' });
  });

  it('gives back a grant that comes after the abort', async () => {
    await fixture.startPool(ONE_SLOT);
    const controller = new AbortController();
    const client = holders.client();
    const taking = client.acquire([VIDEO], { signal: controller.signal });
    controller.abort(new Error('shutting down'));
    await expect(taking).rejects.toThrow('shutting down');
    await until(async () => (await holders.grantedSlots()) === 0);
    await take(client);
  });
});

describe('a held grant', () => {
  it('is renewed until its release', async () => {
    await fixture.startPool({ ...ONE_SLOT, GRANT_TTL_MS: '900' });
    const client = holders.client();
    const grant = await take(client);
    const end = performance.now() + 2_500;
    while (performance.now() < end) {
      expect(grant.valid).toBe(true);
      expect(await client.acquire([VIDEO], { signal: SIGNAL })).toMatchObject({ reason: 'busy' });
      await sleep(100);
    }
    await grant.release();
    await take(client);
  });

  it('is renewed again after the token pool was away for a moment', async () => {
    const env = { ...ONE_SLOT, GRANT_TTL_MS: '6000' };
    const pool = await fixture.startPool(env);
    const grant = await take(holders.client());
    const before = await fixture.database.grant.findFirst();
    await pool.stop();
    // Past the first renewal.
    await sleep(2_100);
    await fixture.startPool(env);
    await until(async () => {
      const row = await fixture.database.grant.findFirst();
      return row !== null && before !== null && row.expiresAt > before.expiresAt;
    });
    expect(grant.valid).toBe(true);
  });

  it('allows no new call once it has expired, and its release does no harm', async () => {
    const pool = await fixture.startPool({ ...ONE_SLOT, GRANT_TTL_MS: '300' });
    const grant = await take(holders.client());
    await pool.stop();
    await until(() => !grant.valid);
    await grant.release();
  });

  it('learns at the renewal that it is gone', async () => {
    await fixture.startPool({ ...ONE_SLOT, GRANT_TTL_MS: '1500' });
    const grant = await take(holders.client());
    await fixture.database.grant.deleteMany();
    const begun = performance.now();
    await until(() => !grant.valid);
    expect(performance.now() - begun).toBeLessThan(1_400);
  });

  it('does not keep a process alive', async () => {
    await fixture.startPool({ ...ONE_SLOT, GRANT_TTL_MS: '600000' });
    const script = `
      import { Bus } from '@grok2api/bus';
      import { CredentialClient } from '@grok2api/credential-client';
      import { createLogger } from '@grok2api/service-kit';
      const log = createLogger({ service: 'test', instance: 'test', level: 'silent' });
      const bus = await Bus.connect({ url: process.env.NATS_URL, name: 'test', log });
      const client = new CredentialClient({ bus, holder: 'leaver', now: () => performance.now(), log });
      const taken = await client.acquire(['${VIDEO}'], { signal: new AbortController().signal });
      console.log(taken.status);
      await bus.close();`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: fixture.env,
      timeout: 20_000,
    });
    expect(stdout).toBe('granted\n');
  });
});

describe('close', () => {
  it('gives back everything that is held, and ends acquiring', async () => {
    await fixture.startPool({ XAI_API_KEY: 'xai-1', CREDENTIAL_MAX_CONCURRENCY: '5' });
    const client = holders.client();
    const held = [await take(client), await take(client)];
    expect(await holders.grantedSlots()).toBeGreaterThan(0);
    await client.close();
    expect(await holders.grantedSlots()).toBe(0);
    expect(held.map(({ valid }) => valid)).toEqual([false, false]);
    await expect(client.acquire([VIDEO], { signal: SIGNAL })).rejects.toBeInstanceOf(ClosedError);
  });

  it('gives back a grant that comes after it', async () => {
    await fixture.startPool(ONE_SLOT);
    const client = holders.client();
    const taking = client.acquire([VIDEO], { signal: SIGNAL });
    await Promise.all([client.close(), expect(taking).rejects.toBeInstanceOf(ClosedError)]);
    await until(async () => (await holders.grantedSlots()) === 0);
    await take(holders.client());
  });

  it('delivers the last reports', async () => {
    await fixture.startPool({ XAI_API_KEY: 'xai-1' });
    const client = holders.client();
    const grant = await take(client);
    grant.report(VIDEO, 'fault', { message: 'x'.repeat(600) });
    await client.close();
    expect(await fixture.database.credentialModel.findFirst()).toMatchObject({ lastError: 'x'.repeat(500) });
  });

  it('does not wait for a token pool that is away', async () => {
    const client = holders.client();
    client.report('cred_1', VIDEO, 'fault');
    const begun = performance.now();
    await client.close();
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});

describe('report', () => {
  it('is tried again while the token pool is away', async () => {
    const pool = await fixture.startPool({ XAI_API_KEY: 'xai-1' });
    const client = holders.client();
    const { credential } = await take(client);
    await pool.stop();
    client.report(credential.id, VIDEO, 'rate_limited', { retryAfterMs: 60_000.5 });
    await fixture.startPool({ XAI_API_KEY: 'xai-1' });
    await until(async () => (await fixture.database.credentialModel.count()) === 1);
    expect(await client.acquire([VIDEO], { signal: SIGNAL })).toMatchObject({ reason: 'cooling' });
  });
});

describe('credentialOf', () => {
  it('is read again after a minute', async () => {
    await fixture.startPool({ XAI_API_KEY: 'xai-1' });
    let time = 0;
    const client = holders.client(() => time);
    const { id } = (await take(client)).credential;
    expect(await client.credentialOf(id)).toEqual({ id, secret: 'xai-1', base_url: NO_UPSTREAM });
    await fixture.database.credential.update({ where: { id }, data: { baseUrl: 'http://127.0.0.1:10/v1' } });
    time = 59_999;
    expect(await client.credentialOf(id)).toMatchObject({ base_url: NO_UPSTREAM });
    time = 60_000;
    expect(await client.credentialOf(id)).toMatchObject({ base_url: 'http://127.0.0.1:10/v1' });
  });

  it('is served as it was while the token pool is away', async () => {
    const pool = await fixture.startPool({ XAI_API_KEY: 'xai-1' });
    let time = 0;
    const client = holders.client(() => time);
    const { id } = (await take(client)).credential;
    const known = await client.credentialOf(id);
    await pool.stop();
    time = 3_600_000;
    expect(await client.credentialOf(id)).toEqual(known);
    await expect(client.credentialOf('cred_other')).rejects.toBeInstanceOf(PoolUnavailableError);
  });

  it('tells an unknown credential from a token pool that is away', async () => {
    await fixture.startPool({});
    await expect(holders.client().credentialOf('cred_0')).rejects.toBeInstanceOf(UnknownCredentialError);
  });
});
