import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Fixture, VIDEO } from './fixture.js';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await Fixture.start();
});

afterEach(() => fixture.reset());
afterAll(() => fixture.destroy());

describe('a credential with a pace', () => {
  it('is granted for one call at a time, and says when the next may begin', async () => {
    await fixture.startPool({ XAI_API_KEY: 'xai-1', CREDENTIAL_REQUESTS_PER_SECOND: '2' });
    expect(await fixture.grant([VIDEO], { slots: 5 })).toMatchObject({ slots: 1, once: true, counted: false });
    const reply = await fixture.acquire([VIDEO]);
    expect(reply).toMatchObject({ status: 'none', reason: 'busy' });
    if (reply.status === 'none') expect(reply.retry_after_ms).toBeLessThanOrEqual(500);
  });

  it('keeps it over several processes', async () => {
    const env = { XAI_API_KEYS: 'xai-1,xai-2', CREDENTIAL_REQUESTS_PER_SECOND: '20' };
    await Promise.all([fixture.startPool(env), fixture.startPool(env), fixture.startPool(env)]);
    const begun = performance.now();
    const granted = new Map<string, number>();
    const worker = async (holder: string) => {
      while (performance.now() - begun < 2_000) {
        const reply = await fixture.acquire([VIDEO], { holder });
        if (reply.status !== 'granted') await sleep(10);
        else
          for (const {
            credential: { secret },
          } of reply.grants)
            granted.set(secret, (granted.get(secret) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: 10 }, (_, index) => worker(`worker-${index}`)));
    const seconds = (performance.now() - begun) / 1_000;
    for (const secret of ['xai-1', 'xai-2']) {
      expect(granted.get(secret)).toBeLessThanOrEqual(20 * seconds + 1);
      expect(granted.get(secret)).toBeGreaterThan(5);
    }
  });

  it('keeps its limit as well', async () => {
    const env = { CREDENTIAL_REQUESTS_PER_SECOND: '1000', CREDENTIAL_MAX_CONCURRENCY: '2' };
    await fixture.startPool({ XAI_API_KEY: 'xai-1', ...env });
    const grants = [];
    while (grants.length < 2) {
      const reply = await fixture.acquire([VIDEO]);
      if (reply.status === 'granted') grants.push(...reply.grants);
    }
    for (let i = 0; i < 5; i++) {
      await sleep(5);
      expect(await fixture.acquire([VIDEO])).toMatchObject({ reason: 'busy' });
    }
    const [first] = grants;
    if (first) await fixture.release(first);
    expect(await fixture.grant([VIDEO])).toMatchObject({ counted: true, once: true });
  });
});
