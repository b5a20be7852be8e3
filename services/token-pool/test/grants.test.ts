import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CHAT, Fixture, VIDEO } from './fixture.js';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await Fixture.start();
});

afterEach(() => fixture.reset());
afterAll(() => fixture.destroy());

/** Asks again until there is a slot; resolves to the ms it took. */
async function untilGranted(): Promise<number> {
  const begun = performance.now();
  while ((await fixture.acquire([VIDEO])).status === 'none') await sleep(20);
  return performance.now() - begun;
}

describe('a grant', () => {
  it('carries the credential, the models and its time', async () => {
    await fixture.startPool({ XAI_API_KEY: 'xai-1', XAI_BASE_URL: 'http://127.0.0.1:9/v1' });
    expect(await fixture.acquire([VIDEO, CHAT], { slots: 2 })).toEqual({
      status: 'granted',
      grants: [
        {
          id: expect.stringMatching(/^grant_[0-9a-f]{32}_0$/),
          credential: {
            id: expect.stringMatching(/^cred_[0-9a-f]{32}$/),
            secret: 'xai-1',
            base_url: 'http://127.0.0.1:9/v1',
          },
          models: [VIDEO, CHAT],
          slots: 2,
          counted: false,
          once: false,
          watched: [],
          terms: expect.any(String),
          expires_in_ms: 10_000,
        },
      ],
    });
  });

  it('has fewer slots than asked when there are fewer', async () => {
    await fixture.startPool({ XAI_API_KEY: 'xai-1', CREDENTIAL_MAX_CONCURRENCY: '3' });
    expect((await fixture.grant([VIDEO], { slots: 2 })).slots).toBe(2);
    expect((await fixture.grant([VIDEO], { slots: 2 })).slots).toBe(1);
    expect(await fixture.acquire([VIDEO])).toMatchObject({ status: 'none', reason: 'busy' });
  });

  it('goes to each credential in turn where none has a limit', async () => {
    await fixture.startPool({ XAI_API_KEYS: 'xai-1,xai-2,xai-3' });
    const used: string[] = [];
    for (let i = 0; i < 6; i++) used.push((await fixture.grant([VIDEO])).credential.secret);
    expect(used.slice(0, 3).sort()).toEqual(['xai-1', 'xai-2', 'xai-3']);
    expect(used.slice(3)).toEqual(used.slice(0, 3));
  });

  it('ends with its release, and then cannot be renewed', async () => {
    await fixture.startPool({ XAI_API_KEY: 'xai-1', CREDENTIAL_MAX_CONCURRENCY: '1' });
    const grant = await fixture.grant([VIDEO]);
    await fixture.release(grant);
    await fixture.grant([VIDEO]);
    await fixture.release(grant);
    expect(await fixture.renew(grant)).toBeUndefined();
  });

  it('is not ended or renewed by another holder', async () => {
    await fixture.startPool({ XAI_API_KEY: 'xai-1', CREDENTIAL_MAX_CONCURRENCY: '1' });
    const grant = await fixture.grant([VIDEO]);
    await fixture.release(grant, 0, 'worker-2');
    expect(await fixture.renew(grant, 'worker-2')).toBeUndefined();
    expect(await fixture.acquire([VIDEO])).toMatchObject({ reason: 'busy' });
    expect(await fixture.renew(grant)).toMatchObject({ models: [VIDEO], watched: [] });
  });

  it('that is not renewed frees its slots after its time, not before', async () => {
    await fixture.startPool({ XAI_API_KEY: 'xai-1', CREDENTIAL_MAX_CONCURRENCY: '1', GRANT_TTL_MS: '1000' });
    const asked = performance.now();
    const grant = await fixture.grant([VIDEO]);
    await untilGranted();
    expect(performance.now() - asked).toBeGreaterThanOrEqual(999);
    expect(await fixture.renew(grant)).toBeUndefined();
    expect(await fixture.database.grant.count({ where: { id: grant.id } })).toBe(0);
  });

  it('that is renewed keeps its slots', async () => {
    await fixture.startPool({ XAI_API_KEY: 'xai-1', CREDENTIAL_MAX_CONCURRENCY: '1', GRANT_TTL_MS: '2000' });
    const grant = await fixture.grant([VIDEO]);
    for (let i = 0; i < 6; i++) {
      await sleep(400);
      expect(await fixture.acquire([VIDEO])).toMatchObject({ reason: 'busy' });
      expect(await fixture.renew(grant)).toBeDefined();
    }
    const renewed = performance.now();
    await untilGranted();
    expect(performance.now() - renewed).toBeGreaterThan(1_000);
  });
});

describe('the limit', () => {
  it('holds over two processes and 50 acquires at once', async () => {
    const env = { XAI_API_KEYS: 'xai-1,xai-2', CREDENTIAL_MAX_CONCURRENCY: '7' };
    const pools = [await fixture.startPool(env), await fixture.startPool(env)];
    for (let round = 0; round < 2; round++) {
      const replies = await Promise.all(
        Array.from({ length: 50 }, (_, i) => fixture.acquire([VIDEO], { holder: `worker-${i}`, slots: 1 + (i % 3) })),
      );
      const granted = new Map<string, number>();
      for (const reply of replies) {
        if (reply.status !== 'granted') {
          expect(reply).toMatchObject({ reason: 'busy' });
          continue;
        }
        for (const { credential, slots } of reply.grants) {
          granted.set(credential.secret, (granted.get(credential.secret) ?? 0) + slots);
        }
      }
      expect(Object.fromEntries(granted)).toEqual({ 'xai-1': 7, 'xai-2': 7 });
      await Promise.all(
        replies.flatMap((reply, i) =>
          reply.status === 'granted' ? reply.grants.map((grant) => fixture.release(grant, 0, `worker-${i}`)) : [],
        ),
      );
    }
    for (const pool of pools) expect(pool.lines.filter((line) => line.includes('"error"'))).toEqual([]);
  });

  it('holds when a renewal and an acquire meet at the moment of expiry', async () => {
    await fixture.startPool({ XAI_API_KEY: 'xai-1', CREDENTIAL_MAX_CONCURRENCY: '1', GRANT_TTL_MS: '1500' });
    const { id } = await fixture.grant([VIDEO]);
    const asked = await fixture.database.$transaction(async (renewal) => {
      // The renewal has looked at the row in time, and commits when the old time is over.
      await renewal.$executeRaw`
        UPDATE pool.grants SET expires_at = clock_timestamp() + interval '1 hour'
        WHERE id = ${id} AND expires_at > clock_timestamp()`;
      await sleep(1_600);
      let answered = false;
      const acquiring = fixture.acquire([VIDEO]).finally(() => {
        answered = true;
      });
      while (!answered) {
        const waiting = await renewal.$queryRaw<unknown[]>`SELECT FROM pg_locks WHERE NOT granted`;
        if (waiting.length > 0) break;
        await sleep(20);
      }
      return { acquiring };
    });
    expect(await fixture.database.grant.count({ where: { id } })).toBe(1);
    expect(await asked.acquiring).toMatchObject({ status: 'none', reason: 'busy' });
  });

  it('holds while grants expire and are renewed at the same moment', async () => {
    const env = { XAI_API_KEY: 'xai-1', CREDENTIAL_MAX_CONCURRENCY: '3', GRANT_TTL_MS: '100' };
    await Promise.all([fixture.startPool(env), fixture.startPool(env)]);
    const until = performance.now() + 3_000;
    let most = 0;
    let granted = 0;
    const worker = async (holder: string) => {
      while (performance.now() < until) {
        const reply = await fixture.acquire([VIDEO], { holder });
        if (reply.status !== 'granted') {
          await sleep(5);
          continue;
        }
        granted++;
        // About at the end of its time: some renewals come in time, some too late.
        await sleep(90 + Math.random() * 20);
        for (const grant of reply.grants) await fixture.renew(grant, holder);
      }
    };
    const watch = async () => {
      while (performance.now() < until) {
        const [live] = await fixture.database.$queryRaw<{ slots: number }[]>`
          SELECT coalesce(sum(slots), 0)::int AS slots FROM pool.grants WHERE expires_at > now()`;
        most = Math.max(most, live?.slots ?? 0);
      }
    };
    await Promise.all([watch(), ...Array.from({ length: 8 }, (_, i) => worker(`worker-${i}`))]);
    expect(granted).toBeGreaterThan(20);
    expect(most).toBe(3);
  });
});
