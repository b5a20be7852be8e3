import { TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

let system: TestSystem;
beforeAll(async () => {
  // Tasks stay in the state that a test brings them to: one is made at a time, and that takes long.
  system = await TestSystem.start({ env: { SIMULATOR_VIDEO_MS: '60000', VIDEO_WORKER_SLOTS: '1' } });
});
afterAll(async () => {
  await system?.stop();
});
beforeEach(async () => {
  await system.tasks().request('DELETE', '/v1/video/tasks/all');
});

async function json(answer: Response | Promise<Response>): Promise<{ status: number; body: unknown }> {
  const { status, body } = { status: (await answer).status, body: await (await answer).json() };
  return { status, body };
}

describe('cancelling', () => {
  it('ends a running task at once, tells its readers, and leaves the upstream', async () => {
    const tasks = system.tasks();
    const id = await tasks.create('取消我');
    await tasks.until(id, ({ status }) => status === 'running');
    const events: string[] = [];
    const reading = (async () => {
      for await (const { data } of tasks.stream(id)) events.push(data.type);
    })();
    await tasks.until(id, ({ progress }) => progress > 0);
    expect(await json(tasks.request('DELETE', `/v1/video/tasks/${id}`))).toEqual({
      status: 200,
      body: { status: 'success', message: '任务已取消' },
    });
    await reading;
    expect(events.at(-1)).toBe('cancelled');
    expect(await tasks.get(id)).toMatchObject({
      status: 'cancelled',
      message: '任务已取消',
      data: { status: 'failed' },
    });
    await system.logLine({ task_id: id, msg: 'leaving the task' });
    // Once more says the same.
    expect((await tasks.request('DELETE', `/v1/video/tasks/${id}`)).status).toBe(200);
  });

  it('ends a pending task before the upstream hears of it', async () => {
    const tasks = system.tasks();
    const blocker = await tasks.create('占位');
    await tasks.until(blocker, ({ status }) => status === 'running');
    const id = await tasks.create('还没开始');
    expect((await tasks.request('DELETE', `/v1/video/tasks/${id}`)).status).toBe(200);
    expect((await tasks.get(id)).status).toBe('cancelled');
    await tasks.request('DELETE', `/v1/video/tasks/${blocker}`);
    const next = await tasks.create('下一个');
    await tasks.until(next, ({ status }) => status === 'running');
    expect(await system.simulator.jobs('还没开始')).toHaveLength(0);
  });
});

describe('deleting many', () => {
  it('removes those that are named and skips unknown ones', async () => {
    const tasks = system.tasks();
    const ids = [await tasks.create('甲'), await tasks.create('乙')];
    const kept = await tasks.create('丙');
    const task_ids = [...ids, 'task_abc123', `task_${'0'.repeat(32)}`];
    expect(await json(tasks.request('DELETE', '/v1/video/tasks', { task_ids }))).toEqual({
      status: 200,
      body: { status: 'success', count: 2, message: '已删除 2 个任务' },
    });
    for (const id of ids) expect((await tasks.request('GET', `/v1/video/tasks/${id}`)).status).toBe(404);
    expect((await tasks.get(kept)).task_id).toBe(kept);
  });

  it('removes by status, and everything', async () => {
    const tasks = system.tasks();
    const cancelled = await tasks.create('甲');
    await tasks.request('DELETE', `/v1/video/tasks/${cancelled}`);
    await tasks.create('乙');
    expect(await json(tasks.request('DELETE', '/v1/video/tasks/status/cancelled'))).toEqual({
      status: 200,
      body: { status: 'success', count: 1, message: '已删除 1 个 cancelled 任务' },
    });
    expect(await json(tasks.request('DELETE', '/v1/video/tasks/all'))).toEqual({
      status: 200,
      body: { status: 'success', count: 1, message: '已清除所有 1 个任务' },
    });
    expect(await json(tasks.request('GET', '/v1/video/tasks'))).toMatchObject({ body: { tasks: [], total: 0 } });
  });

  it('tells a reader of a deleted task that it is cancelled', async () => {
    const tasks = system.tasks();
    const id = await tasks.create('被删除');
    await tasks.until(id, ({ status }) => status === 'running');
    const last = (async () => {
      let type = '';
      for await (const { data } of tasks.stream(id)) {
        if (data.type === 'snapshot') await tasks.request('DELETE', '/v1/video/tasks', { task_ids: [id] });
        type = data.type;
      }
      return type;
    })();
    expect(await last).toBe('cancelled');
  });
});

describe('the list', () => {
  it('has the newest first, by status, in pages', async () => {
    const tasks = system.tasks();
    const ids: string[] = [];
    for (const prompt of ['一', '二', '三']) ids.unshift(await tasks.create(prompt));
    const listed = async (query: string) =>
      (await json(tasks.request('GET', `/v1/video/tasks${query}`))).body as {
        tasks: { task_id: string; status: string; message: string }[];
        next_cursor: string | null;
        total: number;
      };
    const all = await listed('');
    expect(all.tasks.map(({ task_id }) => task_id)).toEqual(ids);
    expect(all).toMatchObject({ total: 3, next_cursor: null });

    const first = await listed('?limit=2');
    expect(first.tasks).toHaveLength(2);
    const second = await listed(`?limit=2&cursor=${first.next_cursor}`);
    expect(second.tasks.map(({ task_id }) => task_id)).toEqual(ids.slice(2));
    expect(second.next_cursor).toBeNull();

    await tasks.request('DELETE', `/v1/video/tasks/${ids[0]}`);
    const cancelled = await listed('?status=cancelled');
    expect(cancelled.tasks.map(({ task_id }) => task_id)).toEqual([ids[0]]);
    expect(cancelled.tasks[0]).toMatchObject({ status: 'cancelled', message: '任务已取消' });
  });
});

describe('bad input', () => {
  const create = (body: object) => system.tasks().request('POST', '/v1/video/tasks', body);
  const good = { model: 'grok-imagine-1.0-video', prompt: 'x' };

  it.each([
    ['aspect_ratio', '5:4', '2:3, 3:2, 1:1, 9:16, 16:9'],
    ['video_length', 7, '6, 10'],
    ['resolution', '4k', '480p, 720p'],
    ['preset', 'wild', 'fun, normal, spicy, custom'],
  ])('names %s and what is allowed', async (param, value, allowed) => {
    const { status, body } = await json(create({ ...good, [param]: value }));
    expect(status).toBe(400);
    expect(body).toEqual({
      error: {
        message: expect.stringContaining(allowed),
        type: 'invalid_request_error',
        param,
        code: 'invalid_value',
      },
    });
  });

  it.each([
    ['http://127.0.0.1/a.png', 'not public'],
    ['http://[::ffff:10.0.0.1]/a.png', 'not public'],
    ['http://2130706433/', 'not public'],
    ['ftp://example.com/a.png', 'http'],
    ['nonsense', 'URL'],
    ['data:image/png,hello', 'base64'],
  ])('refuses the picture %s at once', async (image_url, reason) => {
    const { status, body } = await json(create({ ...good, image_url }));
    expect(status).toBe(400);
    expect(body).toMatchObject({
      error: { param: 'image_url', code: 'invalid_image_url', message: expect.stringContaining(reason) },
    });
  });

  it('answers an unknown task with both documents’ words on every route', async () => {
    const tasks = system.tasks();
    for (const id of ['not-exist', 'task_abc123', `task_${'f'.repeat(32)}`, 'all']) {
      const paths =
        id === 'all' ? [`/v1/video/tasks/${id}/stream`] : [`/v1/video/tasks/${id}`, `/v1/video/tasks/${id}/stream`];
      for (const path of paths) {
        const { status, body } = await json(tasks.request('GET', path));
        expect(status).toBe(404);
        expect(body).toMatchObject({ detail: '任务不存在', error: { code: 'task_not_found' } });
      }
    }
    const { status, body } = await json(tasks.request('DELETE', '/v1/video/tasks/task_abc123'));
    expect([status, body]).toMatchObject([404, { detail: '任务不存在' }]);
  });

  it.each<[string, string, RequestInit, number, string]>([
    [
      'no JSON',
      '/v1/video/tasks',
      { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } },
      400,
      'invalid_json',
    ],
    ['no body', '/v1/video/tasks', { method: 'POST' }, 400, 'invalid_json'],
    ['a form', '/v1/video/tasks', { method: 'POST', body: new URLSearchParams('a=b') }, 415, 'unsupported_media_type'],
    [
      'an unknown model',
      '/v1/video/tasks',
      { method: 'POST', body: '{"model":"m","prompt":"x"}', headers: { 'content-type': 'application/json' } },
      404,
      'model_not_found',
    ],
    [
      'an empty id list',
      '/v1/video/tasks',
      { method: 'DELETE', body: '{"task_ids":[]}', headers: { 'content-type': 'application/json' } },
      400,
      'invalid_value',
    ],
    ['a bad status', '/v1/video/tasks/status/done', { method: 'DELETE' }, 400, 'invalid_value'],
    ['a bad filter', '/v1/video/tasks?status=done', {}, 400, 'invalid_value'],
    ['a bad limit', '/v1/video/tasks?limit=0', {}, 400, 'invalid_value'],
    ['a bad cursor', '/v1/video/tasks?cursor=x', {}, 400, 'invalid_value'],
    ['an unknown route', '/v1/video/nothing', {}, 404, 'route_not_found'],
    ['a wrong method', '/v1/video/tasks', { method: 'PUT' }, 405, 'method_not_allowed'],
    ['an unknown file', '/v1/files/file_x.png', {}, 404, 'file_not_found'],
    ['a path as a file', '/v1/files/..%2f..%2fetc%2fpasswd', {}, 404, 'file_not_found'],
    [
      'an upload that is none',
      '/v1/video/upload',
      { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } },
      415,
      'unsupported_media_type',
    ],
  ])('answers %s from the catalogue', async (_name, path, init, status, code) => {
    const answer = await json(fetch(system.baseUrl + path, init));
    expect(answer.status).toBe(status);
    expect(Object.keys((answer.body as { error: object }).error)).toEqual(['message', 'type', 'param', 'code']);
    expect(answer.body).toMatchObject({ error: { code } });
  });

  it('refuses a file that is no picture, by its content', async () => {
    const form = new FormData();
    form.set('file', new Blob(['MZ this is no picture']), 'picture.png');
    const answer = await json(fetch(`${system.baseUrl}/v1/video/upload`, { method: 'POST', body: form }));
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'invalid_image' } } });
    const empty = await json(fetch(`${system.baseUrl}/v1/video/upload`, { method: 'POST', body: new FormData() }));
    expect(empty).toMatchObject({ status: 400 });
  });

  it('does not serve pages of other sites or names while no key is configured', async () => {
    const origin = await json(
      fetch(`${system.baseUrl}/v1/video/tasks`, { headers: { origin: 'https://evil.example' } }),
    );
    expect(origin).toMatchObject({ status: 403, body: { error: { code: 'origin_not_allowed' } } });
  });
});

describe('the rest', () => {
  it('works without the prefix, tells its health and counts tasks', async () => {
    const tasks = system.tasks();
    expect((await tasks.request('GET', '/video/tasks')).status).toBe(200);
    expect(await json(tasks.request('GET', '/health'))).toEqual({
      status: 200,
      body: {
        status: 'ok',
        services: {
          nats: 'ok',
          postgres: 'ok',
          'token-pool': 'ok',
          'video-worker': 'ok',
          chat: 'ok',
          image: 'ok',
          'callback-dispatcher': 'ok',
        },
      },
    });
    expect((await tasks.request('GET', '/healthz')).status).toBe(200);
    expect((await tasks.request('GET', '/readyz')).status).toBe(200);
    const metrics = await (await tasks.request('GET', '/metrics')).text();
    expect(metrics).toMatch(/grok2api_tasks\{kind="video",state="pending",service="api-gateway"\} \d/);
    expect(metrics).toContain('process_cpu_seconds_total');
  });
});
