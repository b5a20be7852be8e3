import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { KEY, MODEL, temporaryDirectory } from './harness.js';

test('the process tells its port, serves, and stops with nothing left behind while it renders', async () => {
  const DATA_DIR = await temporaryDirectory();
  const child = fork(new URL('../dist/main.js', import.meta.url), {
    env: { ...process.env, DATA_DIR, PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'fatal' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  const [message] = await once(child, 'message');
  const { port } = z.strictObject({ type: z.literal('listening'), port: z.number() }).parse(message);
  for (let n = 0; n < 3; n += 1) {
    const response = await fetch(`http://127.0.0.1:${port}/v1/videos/generations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: MODEL, prompt: 'a cat', duration: 15, resolution: '720p' }),
    });
    expect(response.status).toBe(200);
    await response.text();
  }
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  expect((await readdir(join(DATA_DIR, 'simulator'))).sort()).toEqual(['backgrounds', 'jobs', 'videos']);
  expect(await readdir(join(DATA_DIR, 'simulator', 'jobs'))).toHaveLength(3);
});
