import { type TaskClient, TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mediaFiles } from '../support/media-files.js';
import { pictureFile } from '../support/picture.js';
import { form } from './support/image-client.js';

const ADMIN_KEY = 'admin-key-of-the-image-tests';
const PATH = '/v1/images/tasks';

let system: TestSystem;
beforeAll(async () => {
  const API_KEYS = 'alice:alice-secret-1,bob:bob-secret-11';
  system = await TestSystem.start({ env: { ADMIN_KEY, API_KEYS, SIMULATOR_IMAGE_MS: '50' } });
});
afterAll(async () => {
  await system?.stop();
});

const generate = (client: TaskClient, body: object) => client.request('POST', '/v1/images/generations', body);

describe('image tasks', () => {
  it('belong to the key that made them', async () => {
    const [alice, bob] = [system.imageTasks('alice-secret-1'), system.imageTasks('bob-secret-11')];
    const id = await alice.create('爱丽丝');
    await alice.ended(id);
    for (const path of [`${PATH}/${id}`, `${PATH}/${id}/result`, `${PATH}/${id}/stream`]) {
      expect((await bob.request('GET', path)).status).toBe(404);
      expect((await system.imageTasks('wrong-secret').request('GET', path)).status).toBe(401);
      // Who knows the id may read it.
      const answer = await system.imageTasks().request('GET', path);
      expect(answer.status).toBe(200);
      await answer.text();
    }
    expect(await (await bob.request('GET', PATH)).json()).toMatchObject({ tasks: [], total: 0 });
    expect(await (await bob.request('DELETE', PATH, { task_ids: [id] })).json()).toMatchObject({ count: 0 });
    expect((await system.imageTasks().request('DELETE', `${PATH}/${id}`)).status).toBe(401);
  });
});

describe('images', () => {
  it('are counted for the key that had them made, at once or by a task', async () => {
    const admin = system.tasks(ADMIN_KEY);
    const made = await admin.request('POST', '/admin/api/client-keys', { name: 'counted' });
    const { secret } = (await made.json()) as { secret: string };
    const client = system.imageTasks(secret);
    expect((await generate(client, { prompt: '两张', n: 2 })).status).toBe(200);
    await client.ended(await client.create('三张', { n: 3 }));
    const total = async () => {
      const answer = await client.request('GET', '/v1/usage');
      return ((await answer.json()) as { total: { requests: number; images: number; cost_usd: number } }).total;
    };
    await expect.poll(total, { timeout: 5_000 }).toMatchObject({ requests: 2, images: 5, cost_usd: 0.1 });
  });

  it('are not made for a key that may not use the model, whichever way it is asked for', async () => {
    const admin = system.tasks(ADMIN_KEY);
    const made = await admin.request('POST', '/admin/api/client-keys', { name: 'texts', models: ['grok-2'] });
    const { secret } = (await made.json()) as { secret: string };
    const client = system.imageTasks(secret);
    const messages = [{ role: 'user', content: '一只猫' }];
    const before = await mediaFiles(system);
    const picture = await pictureFile({ width: 10, height: 10, color: 'red' });
    for (const answer of [
      // The standard model is not named.
      await generate(client, { prompt: 'x' }),
      await generate(client, { prompt: 'x', model: 'grok-imagine-1.0' }),
      await client.request('POST', '/v1/chat/completions', { model: 'grok-imagine-1.0', messages }),
      await fetch(`${system.baseUrl}/v1/images/edits`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}` },
        body: form(['prompt', 'x'], ['image', picture, 'x.png']),
      }),
    ]) {
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ error: { code: 'model_not_found' } });
    }
    await expect.poll(() => mediaFiles(system), { timeout: 5_000 }).toEqual(before);
    const body = { model: 'grok-imagine-1.0', prompt: 'x' };
    expect((await client.request('POST', '/v1/images/generations/async', body)).status).toBe(400);
  });

  it('need a key, and a good one', async () => {
    expect((await generate(system.imageTasks(), { prompt: 'x' })).status).toBe(401);
    expect((await generate(system.imageTasks('wrong-secret'), { prompt: 'x' })).status).toBe(401);
    const picture = await pictureFile({ width: 10, height: 10, color: 'red' });
    const before = await mediaFiles(system);
    const body = form(['prompt', 'x'], ['image', picture, 'x.png']);
    expect((await fetch(`${system.baseUrl}/v1/images/edits`, { method: 'POST', body })).status).toBe(401);
    expect(await mediaFiles(system)).toEqual(before);
  });
});
