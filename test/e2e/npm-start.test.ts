import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestSystem, tempDir } from '@grok2api/testkit';
import { describe, expect, it } from 'vitest';

const MAIN = join(fileURLToPath(import.meta.url), '../../../packages/launcher/dist/main.js');

async function launch(env: Record<string, string>, args: string[] = []): Promise<{ code: number; output: string }> {
  const data = await tempDir();
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, DATA_DIR: data.path, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const [code] = await once(child, 'exit');
  await data.remove();
  return { code: Number(code), output };
}

const SECRET_FILES = ['admin.key', 'credentials.key', 'callback.secret', 'console.secret'];

describe('npm start', () => {
  it('uses the real upstream when it has a key, and no simulator', async () => {
    const standIn = await TestSystem.start();
    try {
      const system = await TestSystem.start({
        env: { XAI_API_KEY: 'xai-test-key-0001', XAI_BASE_URL: `${standIn.simulator.url}/v1` },
      });
      try {
        expect(system.runs('simulator')).toBe(false);
        const tasks = system.tasks();
        const id = await tasks.create('真正的上游');
        expect((await tasks.ended(id)).status).toBe('completed');
        expect(await standIn.simulator.jobs('真正的上游')).toHaveLength(1);
        expect(JSON.stringify(system.logLines())).not.toContain('xai-test-key-0001');
      } finally {
        expect((await system.stop()).code).toBe(0);
      }
    } finally {
      await standIn.stop();
    }
  }, 90_000);

  it('makes secrets that only their owner can read, and a key of the admin API that works', async () => {
    const system = await TestSystem.start();
    try {
      const path = join(system.dataDir, 'admin.key');
      const modes = Object.fromEntries(
        SECRET_FILES.map((name) => [name, statSync(join(system.dataDir, name)).mode & 0o777]),
      );
      expect(modes).toEqual(Object.fromEntries(SECRET_FILES.map((name) => [name, 0o600])));
      const adminKey = readFileSync(path, 'utf8').trim();
      expect((await system.tasks(adminKey).request('GET', '/admin/api/credentials')).status).toBe(200);
      expect(system.output).toContain(path);
      expect(system.output + JSON.stringify(system.logLines())).not.toContain(adminKey);
    } finally {
      await system.stop();
    }
  });

  it('says in one sentence that the port is used', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const { code, output } = await launch({ PORT: String(port) });
    other.close();
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`Port ${port} is in use`));
    expect(output.trim().split('\n')).toHaveLength(1);
  });

  it.each<[string, Record<string, string>, string[], RegExp]>([
    ['a bad setting of its own', { PORT: 'many' }, [], /PORT: must be a whole number/],
    [
      'a bad setting of a service',
      { VIDEO_WORKER_SLOTS: '0', PORT: '18931' },
      [],
      /VIDEO_WORKER_SLOTS: must be a whole number/,
    ],
    ['an open server for everybody', { HOST: '0.0.0.0', PORT: '18932' }, [], /API_KEYS/],
    ['an unknown argument', {}, ['--workers', '3'], /--workers/],
  ])(
    'says what is wrong with %s',
    async (_name, env, args, message) => {
      const { code, output } = await launch(env, args);
      expect(code).toBe(1);
      expect(output).toMatch(message);
      expect(output).not.toMatch(/\n\s+at /);
    },
    60_000,
  );
});
