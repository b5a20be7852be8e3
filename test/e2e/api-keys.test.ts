import { TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const [ALICE, BOB] = ['alice-secret-1', 'bob-secret-22'];

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.start({ env: { API_KEYS: `alice:${ALICE},bob:${BOB}`, MAX_PENDING_PER_KEY: '3' } });
});
afterAll(async () => {
  await system?.stop();
});

const statusOf = async (answer: Promise<Response>) => (await answer).status;

describe('configured keys', () => {
  it('are asked for on every route but health, files and the reading of one task', async () => {
    const nobody = system.tasks();
    const closed: [string, string, object?][] = [
      ['POST', '/v1/video/tasks', { model: 'grok-imagine-1.0-video', prompt: 'x' }],
      ['GET', '/v1/video/tasks'],
      ['DELETE', '/v1/video/tasks', { task_ids: ['a'] }],
      ['DELETE', '/v1/video/tasks/all'],
      ['DELETE', '/v1/video/tasks/status/failed'],
      ['DELETE', `/v1/video/tasks/task_${'0'.repeat(32)}`],
      ['POST', '/v1/video/upload'],
      ['GET', '/metrics'],
    ];
    for (const [method, path, body] of closed) {
      const answer = await nobody.request(method, path, body);
      expect([method, path, answer.status]).toEqual([method, path, 401]);
      expect(await answer.json()).toMatchObject({ error: { type: 'authentication_error', code: 'invalid_api_key' } });
      expect(await statusOf(system.tasks('wrong-secret').request(method, path, body))).toBe(401);
    }
    for (const path of ['/health', '/healthz', '/readyz'])
      expect(await statusOf(nobody.request('GET', path))).toBe(200);
  });

  it('keep tasks apart; an id alone lets one read, but not with another valid key or a wrong one', async () => {
    const [alice, bob, nobody] = [system.tasks(ALICE), system.tasks(BOB), system.tasks()];
    const id = await alice.create('爱丽丝的任务');
    expect((await nobody.get(id)).task_id).toBe(id);
    expect(await statusOf(bob.request('GET', `/v1/video/tasks/${id}`))).toBe(404);
    expect(await statusOf(bob.request('GET', `/v1/video/tasks/${id}/stream`))).toBe(404);
    expect(await statusOf(bob.request('DELETE', `/v1/video/tasks/${id}`))).toBe(404);
    expect(await statusOf(system.tasks('wrong-secret').request('GET', `/v1/video/tasks/${id}`))).toBe(401);
    expect(await (await bob.request('DELETE', '/v1/video/tasks', { task_ids: [id] })).json()).toMatchObject({
      count: 0,
    });
    expect(await (await bob.request('GET', '/v1/video/tasks')).json()).toMatchObject({ tasks: [], total: 0 });
    expect(await (await bob.request('DELETE', '/v1/video/tasks/all')).json()).toMatchObject({ count: 0 });

    const task = await alice.ended(id);
    expect(task.status).toBe('completed');
    expect(await statusOf(fetch(String(task.video_url)))).toBe(200);
    const byApiKeyHeader = { 'x-api-key': ALICE };
    expect(await statusOf(nobody.request('GET', '/v1/video/tasks', undefined, byApiKeyHeader))).toBe(200);
  });

  it('may have so many unfinished tasks, each key for itself', async () => {
    const [alice, bob] = [system.tasks(ALICE), system.tasks(BOB)];
    await alice.request('DELETE', '/v1/video/tasks/all');
    const body = { model: 'grok-imagine-1.0-video', prompt: 'x' };
    const answers: Response[] = [];
    for (let i = 0; i < 5; i++) answers.push(await alice.request('POST', '/v1/video/tasks', body));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(1);
    expect(refused[0]?.headers.get('retry-after')).toBeTruthy();
    expect(await refused[0]?.json()).toMatchObject({ error: { code: 'too_many_pending_tasks' } });
    expect(await statusOf(bob.request('POST', '/v1/video/tasks', body))).toBe(200);
  });

  it('are in no line of the log', () => {
    const log = JSON.stringify(system.logLines());
    for (const secret of [ALICE, BOB, 'simulator-key']) expect(log).not.toContain(secret);
  });
});
