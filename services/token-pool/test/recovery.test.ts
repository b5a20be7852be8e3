import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { RemoteError } from '@grok2api/bus';
import {
  acquireGrants,
  createClientKey,
  credentialOf,
  newWebhookSecret,
  releaseGrants,
  renewGrants,
  reportOutcome,
  setWebhookSecret,
  testCredential,
} from '@grok2api/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CALL, Fixture, VIDEO } from './fixture.js';
import type { TestProcess } from './token-pool-process.js';

let fixture: Fixture;
let pool: TestProcess;

beforeAll(async () => {
  fixture = await Fixture.start();
  pool = await fixture.startPool({ XAI_API_KEY: 'xai-1' });
});

afterAll(async () => {
  expect(await Promise.race([pool.exited, 'running'])).toBe('running');
  await fixture.destroy();
});

async function untilGranted(): Promise<void> {
  for (;;) {
    const reply = await fixture.acquire([VIDEO]).catch(() => undefined);
    if (reply?.status === 'granted') return;
    await sleep(100);
  }
}

describe('the token pool', () => {
  it.each([acquireGrants, renewGrants, releaseGrants, reportOutcome, credentialOf, testCredential])(
    'refuses a malformed request on $subject and goes on',
    async ({ subject, service }) => {
      const rpc = { subject, service, request: z.unknown(), reply: z.unknown() };
      for (const request of [null, [], { holder: '', models: [], slots: -1 }, { grant_id: 7 }, '\0']) {
        const asked = fixture.bus.call(rpc, request, CALL);
        await expect(asked).rejects.toMatchObject({ code: 'malformed_request' });
      }
      await fixture.grant([VIDEO]);
    },
  );

  it('refuses a name that the database could not take, and goes on', async () => {
    await expect(fixture.acquire(['\0'])).rejects.toBeInstanceOf(RemoteError);
    await fixture.grant([VIDEO]);
  });

  it('fails requests while Postgres is away, and works again when it is back', async () => {
    await fixture.postgres.pause();
    await expect(fixture.acquire([VIDEO])).rejects.toMatchObject({ code: 'failed' });
    await fixture.postgres.resume();
    await untilGranted();
  });

  it('goes on when Postgres ends its sessions in the midst of transactions', async () => {
    const limits = { requests_per_minute: null, max_concurrency: null, models: null, monthly_budget_ticks: null };
    let over = false;
    let made = 0;
    const users = Array.from({ length: 20 }, async () => {
      while (!over) {
        const secret_hash = createHash('sha256').update(randomBytes(16)).digest('hex');
        const request = { ...limits, expires_at: null, name: 'x', secret_hash, last4: 'abcd' };
        const key = await fixture.bus.call(createClientKey, request, CALL).then(
          ({ key }) => key.id,
          () => undefined,
        );
        if (key === undefined) continue;
        made++;
        const secret = newWebhookSecret(randomBytes);
        await fixture.bus.call(setWebhookSecret, { key_id: key, secret }, CALL).catch(() => {});
      }
    });
    for (let rounds = 0; rounds < 20; rounds++) {
      await sleep(150);
      await fixture.database.$executeRaw`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IS NOT NULL AND pid <> pg_backend_pid()`;
    }
    over = true;
    await Promise.all(users);
    expect(made).toBeGreaterThan(0);
    await untilGranted();
    expect(await Promise.race([pool.exited, 'running'])).toBe('running');
  });

  it('works again when NATS is back', async () => {
    await fixture.nats.pause();
    await fixture.nats.resume();
    await untilGranted();
  });
});
