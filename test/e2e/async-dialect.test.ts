import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const KEY = 'async-secret-1';
const payload = {
  model: 'grok-imagine-1.0-video',
  messages: [{ role: 'user', content: '生成一段海边日落视频' }],
  video_config: { aspect_ratio: '3:2', video_length: 6, resolution_name: '480p', preset: 'normal' },
};

interface Envelope {
  code: number;
  message: string;
  data: { taskId: string; status: string; progress: number; result?: { downloadUrl: string }; errorMsg?: string };
}

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.start({ env: { API_KEYS: `client:${KEY}`, VIDEO_WORKER_SLOTS: '2' } });
});
afterAll(async () => {
  await system?.stop();
});

const create = (body: object) => system.tasks(KEY).request('POST', '/v1/video/generations/async', body);
const submit = async (body: object) => ((await (await create(body)).json()) as Envelope).data.taskId;
const read = async (path: string) => {
  const answer = await fetch(system.baseUrl + path);
  return { status: answer.status, body: (await answer.json()) as Envelope & Record<string, unknown> };
};

describe('the async dialect', () => {
  it('accepts a conversation with 202 and says where the result will be', async () => {
    const answer = await create({ ...payload, reasoning_effort: 'low', callback_url: 'https://example.com/done' });
    expect(answer.status).toBe(202);
    const body = (await answer.json()) as Envelope;
    expect(body).toEqual({
      code: 200,
      message: '任务已提交',
      data: { taskId: expect.stringMatching(/^task_[0-9a-f]{32}$/) },
    });
    const url = `${system.baseUrl}/v1/video/tasks/${body.data.taskId}/result`;
    expect(answer.headers.get('location')).toBe(url);
    expect(answer.headers.get('operation-location')).toBe(url);
    const listed = (await (await system.tasks(KEY).request('GET', '/v1/video/tasks')).json()) as {
      tasks: { task_id: string }[];
    };
    expect(listed.tasks.map(({ task_id }) => task_id)).toContain(body.data.taskId);
  });

  it('answers 422 to a wrong shape and 400 to a wrong value', async () => {
    const shapes = [{}, { model: payload.model }, { ...payload, messages: 'x' }, { ...payload, model: 7 }];
    for (const body of shapes) expect((await create(body)).status).toBe(422);
    const broken = await fetch(`${system.baseUrl}/v1/video/generations/async`, {
      method: 'POST',
      body: '{',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    });
    expect([broken.status, await broken.json()]).toMatchObject([422, { error: { code: 'invalid_json' } }]);
    const values = [
      { ...payload, model: 'unknown' },
      { ...payload, model: 'grok-2' },
      { ...payload, messages: [{ role: 'user', content: ' ' }] },
      { ...payload, video_config: { aspect_ratio: '5:4' } },
      { ...payload, callback_url: 'http://127.0.0.1/hook' },
    ];
    for (const body of values) expect((await create(body)).status).toBe(400);
    expect((await system.tasks().request('POST', '/v1/video/generations/async', payload)).status).toBe(401);
  });

  it("runs the document's examples as they are", async () => {
    const directory = fileURLToPath(new URL('./examples/', import.meta.url));
    for (const name of ['node-async-await', 'node-promise']) {
      const source = readFileSync(`${directory}${name}.js`, 'utf8').replace('http://localhost:8000', system.baseUrl);
      const { stdout, stderr } = await promisify(execFile)(process.execPath, ['-e', source], {
        env: { ...process.env, GROK2API_API_KEY: KEY },
      });
      expect(stdout).toMatch(/(success|status) \{/);
      if (name === 'node-async-await') {
        expect(stderr).toContain('任务不存在');
        // A millisecond is too short for an answer, or just long enough.
        expect(`${stdout}${stderr}`).toMatch(/timeout/);
      } else {
        expect(stderr).toBe('');
      }
    }
  });
});

describe('what the async document tests', () => {
  it('a task that is not there is 404', async () => {
    for (const path of ['/v1/video/tasks/missing', '/v1/video/tasks/missing/result']) {
      expect(await read(path)).toMatchObject({ status: 404, body: { detail: '任务不存在' } });
    }
  });

  it('a task that is not ready is processing, and its result is 409; then both are success with a downloadUrl', async () => {
    const tasks = system.tasks(KEY);
    const id = await submit(payload);
    await tasks.until(id, ({ status }) => status === 'running');
    const early = await read(`/v1/video/tasks/${id}/result`);
    expect(early).toMatchObject({
      status: 409,
      body: { code: 409, data: { taskId: id, status: 'processing' }, error: { code: 'task_not_finished' } },
    });
    const task = await tasks.ended(id);
    for (const path of [`/v1/video/tasks/${id}`, `/v1/video/tasks/${id}/result`]) {
      expect(await read(path)).toMatchObject({
        status: 200,
        body: {
          code: 200,
          data: { taskId: id, status: 'success', progress: 100, result: { downloadUrl: task.video_url } },
        },
      });
    }
  });

  it('a task that failed has its errorMsg, and can be tried again', async () => {
    const tasks = system.tasks(KEY);
    const id = await submit({ model: payload.model, prompt: 'fail:internal_error' });
    await tasks.ended(id);
    const { status, body } = await read(`/v1/video/tasks/${id}/result`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'failed', data: { status: 'failed', errorMsg: expect.stringMatching(/./) } });

    const again = await tasks.request('POST', `/v1/video/tasks/${id}/retry`);
    const { task_id } = (await again.json()) as { task_id: string };
    expect(again.status).toBe(200);
    expect(task_id).not.toBe(id);
    expect((await tasks.ended(task_id)).prompt).toBe('fail:internal_error');
    expect((await system.tasks().request('POST', `/v1/video/tasks/${id}/retry`)).status).toBe(401);

    const good = await tasks.create('好的');
    const refused = await tasks.request('POST', `/v1/video/tasks/${good}/retry`);
    expect([refused.status, await refused.json()]).toMatchObject([409, { error: { code: 'task_not_failed' } }]);
  });

  it('a pending task says how many of its owner come before it', async () => {
    const tasks = system.tasks(KEY);
    await tasks.request('DELETE', '/v1/video/tasks/all');
    const ids: string[] = [];
    for (let i = 0; i < 6; i++) ids.push(await tasks.create(`排队 ${i}`));
    const last = await tasks.get(String(ids.at(-1)));
    expect(last.status).toBe('pending');
    expect(last.queue_position).toBeGreaterThanOrEqual(1);
    expect(last.queue_position).toBeLessThanOrEqual(5);
    await tasks.request('DELETE', '/v1/video/tasks/all');
  });
});
