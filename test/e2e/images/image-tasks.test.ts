import { TestSystem } from '@grok2api/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fetchFile, ImageClient, sizeOf } from './support/image-client.js';

const CREATE = '/v1/images/generations/async';
const PATH = '/v1/images/tasks';

let system: TestSystem;
const images = new ImageClient(() => system);

beforeAll(async () => {
  system = await TestSystem.start({ env: { SIMULATOR_IMAGE_MS: '100', IMAGE_WORKER_SLOTS: '2' } });
});
afterEach(() => system.simulator.clearFaults());
afterAll(async () => {
  await system?.stop();
});

async function json(answer: Promise<Response>): Promise<{ status: number; body: Record<string, unknown> }> {
  const { status, body } = { status: (await answer).status, body: await (await answer).json() };
  return { status, body: body as Record<string, unknown> };
}

describe('an image task', () => {
  it('is accepted, made and read in the words of both documents', async () => {
    const tasks = system.imageTasks();
    const created = await tasks.request('POST', CREATE, { model: 'grok-imagine-1.0', prompt: '一只猫', n: 2 });
    expect(created.status).toBe(202);
    const { code, message, data } = (await created.json()) as {
      code: number;
      message: string;
      data: { taskId: string };
    };
    expect({ code, message }).toEqual({ code: 200, message: '任务已提交' });
    const resultUrl = `${system.baseUrl}${PATH}/${data.taskId}/result`;
    expect(created.headers.get('location')).toBe(resultUrl);
    expect(created.headers.get('operation-location')).toBe(resultUrl);

    const ended = await tasks.ended(data.taskId);
    const { images: urls = [] } = ended;
    expect(ended).toEqual({
      task_id: data.taskId,
      status: 'completed',
      progress: 100,
      attempts: 1,
      prompt: '一只猫',
      model: 'grok-imagine-1.0',
      images: [expect.any(String), expect.any(String)],
      created_at: expect.stringMatching(/Z$/),
      started_at: expect.stringMatching(/Z$/),
      completed_at: expect.stringMatching(/Z$/),
      cost_usd: 0.04,
      message: '图片生成完成',
      code: 200,
      data: { taskId: data.taskId, status: 'success', progress: 100, result: { images: urls } },
    });
    for (const url of urls) expect(await sizeOf((await fetchFile(url)).bytes)).toBe('1024x1024');
    expect(await (await fetch(resultUrl)).json()).toEqual(ended);
    const list = await json(tasks.request('GET', `${PATH}?status=completed&limit=1`));
    expect(list.body).toMatchObject({ tasks: [{ task_id: data.taskId, images: urls }] });
    // Each kind has its own routes.
    expect((await tasks.request('GET', `/v1/video/tasks/${data.taskId}`)).status).toBe(404);
  });

  it('gives base64 where it is read alone', async () => {
    const tasks = system.imageTasks();
    const id = await tasks.create('四张', { n: 4, response_format: 'b64_json' });
    const ended = await tasks.ended(id);
    const { result } = ended.data as { result: { images: string[] } };
    expect(result.images).toHaveLength(4);
    for (const [index, base64] of result.images.entries()) {
      const file = await fetchFile(ended.images?.[index]);
      expect(base64).toBe(file.bytes.toString('base64'));
    }
    expect((await json(tasks.request('GET', `${PATH}/${id}/result`))).body).toEqual(ended);
    const list = await (await tasks.request('GET', `${PATH}?limit=1`)).text();
    expect(list.length).toBeLessThan(2_000);
  });

  it('tells its readers of each image, and never of less', async () => {
    const tasks = system.imageTasks();
    const id = await tasks.create('slow:500 看着', { n: 4 });
    const events = [];
    for await (const { data } of tasks.stream(id)) events.push(data);
    expect(events[0]?.type).toBe('snapshot');
    expect(events.at(-1)).toMatchObject({
      type: 'completed',
      status: 'completed',
      progress: 100,
      images: [expect.stringContaining('/v1/files/image_'), {}, {}, {}].map((entry) =>
        typeof entry === 'object' ? expect.any(String) : entry,
      ),
      message: '图片生成完成',
    });
    expect(events.map(({ status }) => status)).toContain('running');
    const progress = events.map((event) => event.progress);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    const again = [];
    for await (const { data } of tasks.stream(id)) again.push(data.type);
    expect(again).toEqual(['snapshot', 'completed']);
  });

  it('has no result before its end, and can be cancelled', async () => {
    const tasks = system.imageTasks();
    const prompt = 'slow:30000 取消';
    const id = await tasks.create(prompt);
    const running = await tasks.until(id, ({ status }) => status === 'running');
    expect(running).toMatchObject({ message: '图片生成中...', data: { status: 'processing' } });
    expect(await json(tasks.request('GET', `${PATH}/${id}/result`))).toMatchObject({
      status: 409,
      body: { code: 409, error: { code: 'task_not_finished' } },
    });
    await expect.poll(() => images.asked(prompt), { timeout: 5_000 }).toEqual([1]);
    const cancelledAt = Date.now();
    expect(await json(tasks.request('DELETE', `${PATH}/${id}`))).toEqual({
      status: 200,
      body: { status: 'success', message: '任务已取消' },
    });
    expect(await tasks.get(id)).toMatchObject({
      status: 'cancelled',
      data: { status: 'failed', errorMsg: '任务已取消' },
    });
    const call = async () =>
      (await system.simulator.log({ path: '/v1/images' })).find(
        ({ body }) => (body as { prompt?: string })?.prompt === prompt,
      );
    await expect.poll(async () => (await call())?.ended, { timeout: 3_000 }).toBe('client_closed');
    expect(Date.parse((await call())?.closed_at ?? '') - cancelledAt).toBeLessThan(1_000);
  });

  it('is deleted with its files, and no video with it', async () => {
    const tasks = system.imageTasks();
    const video = await system.tasks().create('视频');
    const id = await tasks.create('删除');
    const { images: urls = [] } = await tasks.ended(id);
    expect(await json(tasks.request('DELETE', PATH, { task_ids: [id, video] }))).toMatchObject({ body: { count: 1 } });
    expect((await tasks.request('GET', `${PATH}/${id}`)).status).toBe(404);
    expect((await fetch(urls[0] ?? '')).status).toBe(404);
    await tasks.create('其余');
    expect((await json(tasks.request('DELETE', `${PATH}/all`))).body).toMatchObject({ status: 'success' });
    expect((await json(tasks.request('GET', PATH))).body).toMatchObject({ tasks: [], total: 0 });
    expect((await system.tasks().get(video)).task_id).toBe(video);
  });

  it('that failed can be tried again', async () => {
    const tasks = system.imageTasks();
    const id = await tasks.create('moderated:image');
    expect(await tasks.ended(id)).toMatchObject({
      status: 'failed',
      error: { code: 'content_policy_violation' },
      data: { status: 'failed', errorMsg: expect.stringContaining('content policy') },
    });
    const again = await json(tasks.request('POST', `${PATH}/${id}/retry`));
    expect(again).toMatchObject({ status: 200, body: { message: '图片生成任务已提交' } });
    expect((await tasks.ended(String(again.body.task_id))).status).toBe('failed');
    expect(await images.asked('moderated:image')).toEqual([1, 1]);
  });

  it('of which some images were refused completes with the others', async () => {
    const tasks = system.imageTasks();
    const ended = await tasks.ended(await tasks.create('moderated:partial 任务', { n: 3 }));
    expect(ended).toMatchObject({ status: 'completed', progress: 100 });
    expect(ended.images).toHaveLength(2);
  });

  it.each([
    ['garbage:image 任务', 'upstream_error'],
    ['empty:image 任务', 'upstream_error'],
  ])('of which no image came fails: %s', async (prompt, code) => {
    const tasks = system.imageTasks();
    expect(await tasks.ended(await tasks.create(prompt))).toMatchObject({ status: 'failed', error: { code } });
    expect(await images.asked(prompt)).toEqual([1]);
  });
});

describe('a create is refused', () => {
  it.each([
    [{ prompt: 'x' }, 422, 'missing_required_parameter'],
    [{ model: 'grok-imagine-1.0', prompt: 5 }, 422, 'invalid_type'],
    [{ model: 'grok-imagine-1.0', prompt: '' }, 400, 'empty_prompt'],
    [{ model: 'grok-imagine-1.0', prompt: 'x', n: 11 }, 400, 'invalid_value'],
    [{ model: 'grok-imagine-1.0', prompt: 'x', size: 'no' }, 400, 'invalid_size'],
    [{ model: 'no-such', prompt: 'x' }, 400, 'model_not_found'],
    [{ model: 'grok-imagine-1.0-video', prompt: 'x' }, 400, 'model_not_supported'],
    [{ model: 'grok-imagine-1.0', prompt: 'x', callback_url: 'http://10.0.0.1/' }, 400, 'invalid_callback_url'],
  ])('%j: %i %s', async (body, status, code) => {
    expect(await json(system.imageTasks().request('POST', CREATE, body))).toMatchObject({
      status,
      body: { error: { code } },
    });
  });

  it('without JSON: 422', async () => {
    const answer = await fetch(system.baseUrl + CREATE, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"model":',
    });
    expect(answer.status).toBe(422);
  });

  it('by POST to the list: 405', async () => {
    const answer = await system.imageTasks().request('POST', PATH, {});
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, HEAD, DELETE, OPTIONS');
  });
});
