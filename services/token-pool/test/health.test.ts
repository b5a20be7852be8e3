import { testCredential } from '@grok2api/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { answer, ScriptedServer } from '../../../packages/grok-upstream/test/scripted-server.js';
import { CALL, CHAT, Fixture, VIDEO } from './fixture.js';

const GOOD_KEY = { team_blocked: false, api_key_blocked: false, api_key_disabled: false, acls: [] };
let fixture: Fixture;
let upstream: ScriptedServer;
/** What the upstream says of each key: the models it lists, or why it refuses it. */
let keys: Record<string, { chat?: string[]; video?: string[]; blocked?: boolean; status?: number }>;

beforeAll(async () => {
  fixture = await Fixture.start();
});
beforeEach(async () => {
  upstream = await ScriptedServer.start();
  keys = {};
  upstream.play((response, request) => {
    const {
      chat = [],
      video = [],
      blocked = false,
      status,
    } = keys[request.headers.authorization?.replace('Bearer ', '') ?? ''] ?? {};
    const models = (names: string[]) => ({ models: names.map((id) => ({ id, aliases: [`${id}-latest`] })) });
    if (status !== undefined) answer(status, { error: 'Incorrect API key provided' })(response, request);
    else if (request.path === '/v1/api-key') answer(200, { ...GOOD_KEY, api_key_blocked: blocked })(response, request);
    else if (request.path === '/v1/language-models') answer(200, models(chat))(response, request);
    else if (request.path === '/v1/video-generation-models') answer(200, models(video))(response, request);
    else answer(200, models([]))(response, request);
  });
});
afterEach(async () => {
  await fixture.reset();
  await upstream.stop();
});
afterAll(() => fixture.destroy());

function start(names: string, env: Record<string, string> = {}) {
  return fixture.startPool({ XAI_API_KEYS: names, XAI_BASE_URL: `${upstream.origin}/v1`, ...env });
}

function row(last4: string) {
  return fixture.database.credential.findFirst({ where: { last4 } });
}

async function idOf(last4: string): Promise<string> {
  return (await row(last4))?.id ?? '';
}

async function test(credentialId: string) {
  return fixture.bus.call(testCredential, { credential_id: credentialId }, CALL);
}

/** Waits until there are credentials, and every one has been checked. */
function checked(): Promise<void> {
  return vi.waitFor(
    async () => {
      const checkedAt = (await fixture.database.credential.findMany()).map((credential) => credential.checkedAt);
      expect(checkedAt).not.toEqual([]);
      expect(checkedAt).not.toContain(null);
    },
    { timeout: 20_000 },
  );
}

describe('a new credential', () => {
  it('is checked at once: what it can serve is learned, aliases included', async () => {
    keys = { 'xai-0001': { chat: [CHAT] }, 'xai-0002': { chat: [CHAT], video: [VIDEO] } };
    await start('xai-0001,xai-0002');
    await checked();
    expect(await row('0001')).toMatchObject({ listedModels: [CHAT, `${CHAT}-latest`], enabled: true });
    const second = await idOf('0002');
    for (let i = 0; i < 4; i++) {
      const grant = await fixture.grant([VIDEO]);
      expect(grant.credential.id).toBe(second);
      // What else it can serve needs no further grant.
      expect(grant.models).toEqual([VIDEO, CHAT, `${CHAT}-latest`, `${VIDEO}-latest`].sort(byOrderIn(grant.models)));
    }
    const used = new Set<string>();
    for (let i = 0; i < 4; i++) used.add((await fixture.grant([CHAT])).credential.secret);
    expect(used.size).toBe(2);
  });

  it('is checked soon when another hand has added it', async () => {
    keys = { 'xai-0001': { chat: [CHAT] } };
    await start('xai-0001');
    await checked();
    const stored = await row('0001');
    if (!stored) throw new Error('there is no credential');
    const { id: _, changedIn: __, ...same } = stored;
    await fixture.database.credential.create({
      data: {
        ...same,
        id: 'cred_added',
        secretHash: new Uint8Array(32),
        source: 'admin',
        listedModels: [],
        checkedAt: null,
        nextCheckAt: new Date(),
      },
    });
    // The secret belongs to another row and cannot be decrypted: that is an error of this credential alone.
    await vi.waitFor(async () => {
      const { nextCheckAt } = (await fixture.database.credential.findUnique({ where: { id: 'cred_added' } })) ?? {};
      expect(nextCheckAt?.getTime()).toBeGreaterThan(Date.now() + 10_000);
    }, 10_000);
    for (let i = 0; i < 5; i++) expect((await fixture.grant([CHAT])).credential.id).toBe(stored.id);
  });
});

describe('a check', () => {
  it.each([
    ['a wrong key', { status: 400 }, 'wrong_key'],
    ['a blocked key', { blocked: true }, 'key_blocked'],
  ])('disables %s and says why', async (_, state, reason) => {
    keys = { 'xai-0001': { chat: [CHAT] }, 'xai-0002': state };
    await start('xai-0001,xai-0002');
    await checked();
    await vi.waitFor(async () =>
      expect(await row('0002')).toMatchObject({ enabled: false, disabledReason: 'dead', disabledMessage: reason }),
    );
    expect(await row('0001')).toMatchObject({ enabled: true, disabledReason: null, disabledMessage: null });
  });

  it('is made again after each interval, and brings back a key that works after all', async () => {
    keys = { 'xai-0001': { status: 400 } };
    await start('xai-0001', { HEALTH_INTERVAL: '1s' });
    await vi.waitFor(async () => expect(await row('0001')).toMatchObject({ enabled: false }), 10_000);
    keys = { 'xai-0001': { chat: [CHAT] } };
    await vi.waitFor(async () => {
      expect(await row('0001')).toMatchObject({
        enabled: true,
        disabledReason: null,
        listedModels: [CHAT, `${CHAT}-latest`],
      });
    }, 10_000);
    await vi.waitFor(() => fixture.grant([CHAT]), 5_000);
  });

  it('is shared by several processes', async () => {
    keys = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`xai-${1000 + index}`, { chat: [CHAT] }]));
    const names = Object.keys(keys).join(',');
    await Promise.all([start(names), start(names), start(names)]);
    await checked();
    const checks = upstream.requests.filter(({ path }) => path === '/v1/api-key').length;
    // Each start makes all of them due once more.
    expect(checks).toBeLessThanOrEqual(90);
    expect(checks).toBeGreaterThanOrEqual(30);
  });

  it('changes nothing when the upstream does not tell', async () => {
    keys = { 'xai-0001': { status: 503 } };
    const pool = await start('xai-0001');
    await upstream.received(1);
    await fixture.grant([VIDEO, CHAT]);
    expect(await row('0001')).toMatchObject({ enabled: true, checkedAt: null, listedModels: [] });
    expect(pool.lines.filter((line) => line.includes('"error"'))).toEqual([]);
  });

  it('leaves disabled what an operator or spent money has disabled', async () => {
    keys = { 'xai-0001': { chat: [CHAT] }, 'xai-0002': { chat: [CHAT] } };
    await start('xai-0001,xai-0002', { HEALTH_INTERVAL: '1s' });
    await checked();
    await fixture.report({ credential_id: await idOf('0001'), model: CHAT, outcome: 'no_credits' });
    await fixture.database.credential.updateMany({ where: { last4: '0002' }, data: { enabled: false } });
    const asked = upstream.requests.length;
    expect((await test(await idOf('0001'))).usable).toBe(true);
    expect((await test(await idOf('0002'))).usable).toBe(true);
    expect(upstream.requests.length).toBeGreaterThan(asked);
    expect(await row('0001')).toMatchObject({ enabled: false, disabledReason: 'no_credits' });
    expect(await row('0002')).toMatchObject({ enabled: false });
  });
});

describe('a test on demand', () => {
  it('says whether a credential works and what for', async () => {
    keys = { 'xai-0001': { chat: [CHAT] } };
    await start('xai-0001');
    await checked();
    keys = { 'xai-0001': { video: [VIDEO] } };
    const before = Date.now();
    const result = await test(await idOf('0001'));
    expect(result).toEqual({ usable: true, models: [VIDEO, `${VIDEO}-latest`], checked_at: expect.any(String) });
    expect(Date.parse(result.checked_at)).toBeGreaterThanOrEqual(before);
    expect(await row('0001')).toMatchObject({ listedModels: [VIDEO, `${VIDEO}-latest`] });
  });

  it('gives a key and its models a new chance', async () => {
    keys = { 'xai-0001': { chat: [CHAT] } };
    await start('xai-0001');
    await checked();
    const id = await idOf('0001');
    await fixture.report({ credential_id: id, model: CHAT, outcome: 'not_permitted' });
    await fixture.report({ credential_id: id, model: CHAT, outcome: 'dead' });
    expect(await fixture.acquire([CHAT])).toMatchObject({ reason: 'no_credential' });
    expect((await test(id)).usable).toBe(true);
    expect((await fixture.grant([CHAT])).credential.id).toBe(id);
  });

  it.each([
    [{ status: 401 }, 'wrong_key'],
    [{ status: 503 }, 'transient'],
    [{ status: 429 }, 'rate_limited'],
  ])('says why it does not, or why nobody can tell: %j', async (state, reason) => {
    keys = { 'xai-0001': state };
    await start('xai-0001');
    expect(await test(await idOf('0001'))).toMatchObject({ usable: false, reason, models: [] });
    expect(await test('cred_nobody')).toMatchObject({ usable: false, reason: 'unknown_credential', models: [] });
  });
});

/** The order of models in a grant is nobody's business. */
function byOrderIn(models: readonly string[]): (a: string, b: string) => number {
  return (a, b) => models.indexOf(a) - models.indexOf(b);
}
