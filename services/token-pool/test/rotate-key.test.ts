import { randomBytes } from 'node:crypto';
import { addCredentials, credentialOf } from '@grok2api/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CALL, Fixture } from './fixture.js';
import { startTokenPool } from './token-pool-process.js';

const [FIRST, SECOND, THIRD] = [newKey(), newKey(), newKey()];
let fixture: Fixture;

beforeAll(async () => {
  fixture = await Fixture.start();
});

afterAll(() => fixture.destroy());

function newKey(): string {
  return randomBytes(32).toString('base64');
}

function proxyFor(secret: string): string {
  return `http://user:for-${secret}@proxy.example:3128`;
}

async function rotate(key: string, old: string): Promise<{ code: number | null; lines: string[] }> {
  const env = { DATABASE_URL: fixture.postgres.url, CREDENTIALS_KEY: key, CREDENTIALS_KEY_OLD: old };
  const { exited, lines } = startTokenPool('rotate-key-main', env);
  return { code: await exited, lines };
}

async function secretsOf(credential_id: string): Promise<string[]> {
  const { credential } = await fixture.bus.call(credentialOf, { credential_id }, CALL);
  return [credential?.secret ?? '', credential?.proxy_url ?? ''];
}

describe('the rotation of the key', () => {
  it('encrypts every secret anew while a token pool with both keys goes on adding some', async () => {
    const pool = await fixture.startPool({ CREDENTIALS_KEY: FIRST });
    const add = async (name: string, count: number): Promise<Map<string, string>> => {
      const secrets = Array.from({ length: count }, (_, index) => `xai-secret-${name}-${index}`);
      const request = { credentials: secrets.map((secret) => ({ secret, proxy_url: proxyFor(secret) })) };
      const { results } = await fixture.bus.call(addCredentials, request, CALL);
      return new Map(results.map(({ id }, index) => [id, secrets[index] ?? '']));
    };
    const added = new Map([...(await add('a', 500)), ...(await add('b', 500)), ...(await add('c', 100))]);
    await pool.stop();
    const both = await fixture.startPool({ CREDENTIALS_KEY: SECOND, CREDENTIALS_KEY_OLD: FIRST });
    const [{ code, lines }, more] = await Promise.all([rotate(SECOND, FIRST), add('d', 100)]);
    expect(code).toBe(0);
    expect(lines.at(-1)).toContain('"rotated":2200');
    expect(lines.join()).not.toMatch(/xai-secret|proxy/);
    for (const [id, secret] of [...added, ...more].filter((_, index) => index % 50 === 0)) {
      expect(await secretsOf(id)).toEqual([secret, proxyFor(secret)]);
    }
    await both.stop();
    // The old key is not needed any more.
    await fixture.startPool({ CREDENTIALS_KEY: SECOND });
    const [id] = added.keys();
    expect(await secretsOf(id ?? '')).toContain('xai-secret-a-0');
  });

  it('does nothing the second time, and nothing with a key that is not the one before', async () => {
    expect((await rotate(SECOND, FIRST)).lines.at(-1)).toContain('"rotated":0');
    const { code, lines } = await rotate(THIRD, FIRST);
    expect(code).toBe(1);
    expect(lines.join()).toMatch(/the secret of cred_[0-9a-f]{32} does not decrypt/);
    expect((await rotate(THIRD, SECOND)).lines.at(-1)).toContain('"rotated":2400');
  });

  it('says which setting is missing', async () => {
    const { exited, lines } = startTokenPool('rotate-key-main', { DATABASE_URL: fixture.postgres.url });
    expect(await exited).toBe(1);
    expect(lines.join()).toContain('CREDENTIALS_KEY is not set; CREDENTIALS_KEY_OLD is not set');
  });
});
