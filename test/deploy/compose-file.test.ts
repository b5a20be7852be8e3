import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { drainSeconds, REST_SECONDS } from './support/drain.js';
import { ROOT } from './support/manifests.js';
import { makeSecrets } from './support/secrets.js';
import { SERVICES, strangersTo } from './support/settings.js';

const secretSchema = z.union([z.string(), z.object({ source: z.string() }).transform(({ source }) => source)]);
const serviceSchema = z.looseObject({
  build: z.object({ target: z.string() }).optional(),
  environment: z.record(z.string(), z.string().nullable()).default({}),
  healthcheck: z.looseObject({}).optional(),
  mem_limit: z.string(),
  pids_limit: z.number(),
  profiles: z.array(z.string()).default([]),
  read_only: z.boolean().optional(),
  secrets: z.array(secretSchema).default([]),
  stop_grace_period: z.string().regex(/^\d+s$/),
});
const file = z
  .object({
    services: z.record(z.string(), serviceSchema),
    secrets: z.record(z.string(), z.object({ file: z.string() })),
  })
  .loose()
  .parse(parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }));
const built = Object.entries(file.services).filter(([, { build }]) => build !== undefined);

describe('docker-compose.yml', () => {
  it('has every service, from the target of its name, with limits and a health check', () => {
    expect(built.map(([name]) => name).sort()).toEqual([...SERVICES, 'migrate', 'proxy'].sort());
    for (const [name, { build, read_only }] of built)
      expect([name, build?.target, read_only]).toEqual([name, name, true]);
    for (const [name, { healthcheck }] of Object.entries(file.services))
      expect([name, healthcheck]).toEqual([name, expect.anything()]);
  });

  it('sets what each service reads, and nothing else', async () => {
    for (const [name, { environment }] of built.filter(([service]) => SERVICES.includes(service))) {
      expect([name, await strangersTo(name, Object.keys(environment))]).toEqual([name, []]);
    }
  });

  it('gives each service the time that its drain takes', () => {
    for (const name of SERVICES) {
      const grace = Number.parseInt(file.services[name]?.stop_grace_period ?? '', 10);
      expect([name, grace >= drainSeconds(name) + REST_SECONDS]).toEqual([name, true]);
    }
  });

  it('gives each service the files that its settings name, and no other', () => {
    for (const [name, { environment, secrets }] of built) {
      const files = Object.entries(environment).filter(([variable]) => variable.endsWith('_FILE'));
      expect([name, files.map(([, path]) => path).sort()]).toEqual([
        name,
        secrets.map((secret) => `/run/secrets/${secret}`).sort(),
      ]);
    }
  });

  it('runs the simulator, and what monitors, in their profiles alone', () => {
    const profiles = Object.entries(file.services).filter(([, service]) => service.profiles.length > 0);
    expect(Object.fromEntries(profiles.map(([name, service]) => [name, service.profiles]))).toEqual({
      simulator: ['simulator'],
      prometheus: ['monitoring'],
      grafana: ['monitoring'],
    });
  });
});

describe('npm run secrets', () => {
  const made = makeSecrets();
  afterAll(() => made.remove());
  const read = (name: string) => readFileSync(join(made.secrets, name), 'utf8');

  it('makes every file that compose mounts', () => {
    for (const name of Object.keys(file.secrets)) expect(made.names).toContain(name);
  });

  it('keeps others out', () => {
    expect(statSync(made.secrets).mode & 0o777).toBe(0o700);
    const uid = process.getuid?.() ?? 0;
    // Whoever is neither root nor user 1000 cannot give files to the user of the containers.
    const mode = uid === 0 || uid === 1000 ? 0o600 : 0o644;
    for (const name of made.names)
      expect([name, statSync(join(made.secrets, name)).mode & 0o777]).toEqual([name, mode]);
  });

  it('takes the simulator where there is no key, and keeps what is there', () => {
    const before = made.names.map(read);
    made.run();
    expect(made.names.map(read)).toEqual(before);
    expect(read('xai-base-url')).toBe('http://simulator:8080/v1');
    expect(readFileSync(made.envFile, 'utf8')).toBe('COMPOSE_PROFILES=simulator\n');
  });

  it('takes what the environment says, and turns the simulator off where there is a key', () => {
    made.run({ XAI_API_KEY: 'xai-1', API_KEYS: 'me:12345678', POSTGRES_PASSWORD: 'p' });
    expect([read('xai-api-keys'), read('xai-base-url'), read('api-keys')]).toEqual(['xai-1', '', 'me:12345678']);
    expect(read('database-url')).toBe('postgresql://grok2api:p@postgres:5432/grok2api');
    expect(readFileSync(made.envFile, 'utf8')).toBe('COMPOSE_PROFILES=\n');
  });
});
