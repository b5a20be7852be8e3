import { randomBytes } from 'node:crypto';
import { credentialOf, deleteCredential, updateCredential } from '@grok2api/contracts';
import { EXIT_BAD_SETTING } from '@grok2api/service-kit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CALL, Fixture, NO_UPSTREAM, VIDEO } from './fixture.js';

const SECRETS = ['xai-first-0001', 'xai-second-0002', 'xai-third-0003'] as const;
let fixture: Fixture;

beforeAll(async () => {
  fixture = await Fixture.start();
});

afterEach(() => fixture.reset());
afterAll(() => fixture.destroy());

function rows() {
  return fixture.database.credential.findMany({ orderBy: { last4: 'asc' } });
}

describe('the credentials of the environment', () => {
  it('are stored once, with the base URL and the limit of the latest start', async () => {
    const env = { XAI_API_KEY: SECRETS[0], XAI_API_KEYS: `${SECRETS[1]},${SECRETS[0]}` };
    await (await fixture.startPool(env)).stop();
    const before = await rows();
    expect(before).toMatchObject([
      { last4: '0001', baseUrl: NO_UPSTREAM, maxConcurrency: 0, enabled: true, source: 'environment' },
      { last4: '0002', baseUrl: NO_UPSTREAM, maxConcurrency: 0, enabled: true, source: 'environment' },
    ]);
    const changes = { XAI_BASE_URL: 'http://127.0.0.1:10/v1', CREDENTIAL_MAX_CONCURRENCY: '3' };
    await fixture.startPool({ ...env, ...changes });
    const changed = { baseUrl: 'http://127.0.0.1:10/v1', maxConcurrency: 3 };
    const { nextCheckAt, changedIn } = { nextCheckAt: expect.any(Date), changedIn: expect.any(BigInt) };
    expect(await rows()).toEqual(before.map((row) => ({ ...row, ...changed, nextCheckAt, changedIn })));
  });

  it('are stored once, also by several processes that start at once', async () => {
    const env = { XAI_API_KEYS: SECRETS.join(',') };
    await Promise.all([fixture.startPool(env), fixture.startPool(env), fixture.startPool(env)]);
    expect(await rows()).toMatchObject(SECRETS.map(() => ({ enabled: true })));
  });

  it('cannot be read in the tables or in the log', async () => {
    const pool = await fixture.startPool({ XAI_API_KEYS: SECRETS.join(',') });
    await fixture.grant([VIDEO]);
    await pool.stop();
    const tables = await fixture.database.$queryRaw<{ text: string }[]>`
      SELECT string_agg(c::text || encode(c.secret_encrypted, 'escape'), '') AS text FROM pool.credentials c`;
    const text = `${tables[0]?.text}${pool.lines.join('')}`;
    expect(text).toContain('0001');
    for (const secret of SECRETS) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(Buffer.from(secret).toString('hex'));
    }
  });

  it('get no new grants once they are gone from it, but go on polling their jobs', async () => {
    await (await fixture.startPool({ XAI_API_KEYS: `${SECRETS[0]},${SECRETS[1]}` })).stop();
    await fixture.startPool({ XAI_API_KEYS: SECRETS[1] });
    const [removed, kept] = await rows();
    expect(removed).toMatchObject({ enabled: false, disabledReason: 'removed' });
    expect(kept).toMatchObject({ enabled: true, disabledReason: null });
    for (let i = 0; i < 3; i++) expect((await fixture.grant([VIDEO])).credential.id).toBe(kept?.id);
    const { credential } = await fixture.bus.call(credentialOf, { credential_id: removed?.id ?? '' }, CALL);
    expect(credential).toEqual({ id: removed?.id, secret: SECRETS[0], base_url: NO_UPSTREAM });
  });

  it('get a new chance at a start', async () => {
    const env = { XAI_API_KEY: SECRETS[0] };
    const pool = await fixture.startPool(env);
    const id = (await fixture.grant([VIDEO])).credential.id;
    await fixture.report({ credential_id: id, model: VIDEO, outcome: 'not_permitted' });
    await fixture.report({ credential_id: id, model: VIDEO, outcome: 'no_credits' });
    expect(await fixture.acquire([VIDEO])).toMatchObject({ reason: 'no_credential' });
    await pool.stop();
    await fixture.startPool(env);
    expect((await fixture.grant([VIDEO])).credential.id).toBe(id);
  });
});

describe('what an administrator did to a credential of the environment', () => {
  it('stays when it was disabled, and does not when it was deleted', async () => {
    const env = { XAI_API_KEYS: `${SECRETS[0]},${SECRETS[1]}` };
    const pool = await fixture.startPool(env);
    const [first, second] = await rows();
    const disabling = { credential_id: first?.id ?? '', changes: { enabled: false } };
    await fixture.bus.call(updateCredential, disabling, CALL);
    await fixture.bus.call(deleteCredential, { credential_id: second?.id ?? '' }, CALL);
    await pool.stop();
    await fixture.startPool(env);
    expect(await rows()).toMatchObject([
      { id: first?.id, enabled: false, disabledReason: 'admin' },
      { id: second?.id, enabled: true, disabledReason: null, deletedAt: null },
    ]);
  });
});

describe('a start with another CREDENTIALS_KEY', () => {
  it('ends at once with one sentence, and changes nothing', async () => {
    await (await fixture.startPool({ XAI_API_KEY: SECRETS[0] })).stop();
    const before = await rows();
    const CREDENTIALS_KEY = randomBytes(32).toString('base64');
    const { code, lines } = await fixture.runPool({ XAI_API_KEY: SECRETS[1], CREDENTIALS_KEY });
    expect(code).toBe(EXIT_BAD_SETTING);
    const fatal = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'fatal');
    expect(fatal.map(({ msg }) => msg)).toEqual([
      'CREDENTIALS_KEY: the credentials in the database were encrypted under another key',
    ]);
    expect(await rows()).toEqual(before);
  });
});

describe('the token pool', () => {
  it('is visible while it runs', async () => {
    const pool = await fixture.startPool({});
    expect(await fixture.bus.answers('token-pool', 5_000)).toBe(true);
    pool.signal('SIGTERM');
    expect(await pool.exited).toBe(0);
    expect(await fixture.bus.answers('token-pool', 5_000)).toBe(false);
  });

  it('knows no credential that was never there', async () => {
    await fixture.startPool({});
    expect(await fixture.acquire([VIDEO])).toMatchObject({ status: 'none', reason: 'no_credential' });
    const unknown = { credential_id: 'cred_0' };
    expect(await fixture.bus.call(credentialOf, unknown, CALL)).toEqual({ credential: null });
    await fixture.report({ ...unknown, model: VIDEO, outcome: 'dead' });
  });
});
