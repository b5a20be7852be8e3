import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ReceivedCallback, Receiver, type TaskBody, TestSystem } from '@grok2api/testkit';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

let system: TestSystem;
let secret: string;
let receiver: Receiver;

beforeAll(async () => {
  system = await TestSystem.start({
    env: {
      FETCH_ALLOW: '127.0.0.0/8',
      SIMULATOR_VIDEO_MS: '1500',
      SIMULATOR_IMAGE_MS: '100',
      CALLBACK_TIMEOUT_MS: '2000',
    },
  });
  secret = (await readFile(join(system.dataDir, 'callback.secret'), 'utf8')).trim();
});

afterAll(async () => {
  await system?.stop();
});

beforeEach(async () => {
  receiver = await Receiver.start();
});

afterEach(() => receiver.stop());

/** What a receiver makes of a callback: it is verified, and told. */
function verified(received: ReceivedCallback | undefined): Record<string, unknown> {
  if (!received) throw new Error('nothing came');
  const headers = Object.entries(received.headers).map(([name, value]) => [name, String(value)]);
  return new Webhook(secret).verify(received.body, Object.fromEntries(headers)) as Record<string, unknown>;
}

/** The one callback of a task, once it has come. */
async function callbackOf(taskId: string): Promise<Record<string, unknown>> {
  const [received] = await receiver.until(1);
  const payload = verified(received);
  expect(payload.task_id).toBe(taskId);
  expect(received?.headers['webhook-id']).toBe(taskId.replace('task_', 'msg_'));
  return payload;
}

describe('a callback', () => {
  const videos = () => system.tasks();

  it('tells of a finished video what GET tells, at once', async () => {
    const id = await videos().create('一只海豚', { callback_url: receiver.url('/done?for=me') });
    const task = await videos().ended(id);
    const endedAt = Date.now();
    const payload = await callbackOf(id);
    expect(payload).toEqual({ type: 'video.task.completed', ...task });
    expect(payload).toMatchObject({ video_url: expect.stringMatching(/\.mp4$/), data: { status: 'success' } });
    expect((receiver.received[0]?.at ?? 0) - endedAt).toBeLessThan(2_000);
    expect(receiver.received[0]?.path).toBe('/done?for=me');
  });

  it('tells that a task failed, and why', async () => {
    const id = await videos().create('fail:permission_denied', { callback_url: receiver.url() });
    const task = await videos().ended(id);
    expect(await callbackOf(id)).toEqual({ type: 'video.task.failed', ...task });
    expect(task.error?.code).toBeTruthy();
  });

  it('tells that a task was cancelled', async () => {
    const id = await videos().create('never:done', { callback_url: receiver.url() });
    await videos().until(id, ({ progress }) => progress >= 0);
    await videos().request('DELETE', `/v1/video/tasks/${id}`);
    const task = await videos().get(id);
    expect(await callbackOf(id)).toEqual({ type: 'video.task.cancelled', ...task });
  });

  it('tells that a task was deleted while it was open, though nobody can read it any more', async () => {
    const id = await videos().create('never:done', { callback_url: receiver.url() });
    await videos().request('DELETE', '/v1/video/tasks', { task_ids: [id] });
    expect(await callbackOf(id)).toMatchObject({
      type: 'video.task.cancelled',
      prompt: 'never:done',
      message: '任务已取消',
      data: { status: 'failed', errorMsg: '任务已取消' },
    });
    expect((await videos().request('GET', `/v1/video/tasks/${id}`)).status).toBe(404);
  });

  it('comes by the async route too, and of images, by their addresses also where base64 is wanted', async () => {
    const body = { model: 'grok-imagine-1.0', prompt: '一只猫', n: 2, response_format: 'b64_json' };
    const answer = await videos().request('POST', '/v1/images/generations/async', {
      ...body,
      callback_url: receiver.url(),
    });
    const { data } = (await answer.json()) as { data: { taskId: string } };
    const payload = await callbackOf(data.taskId);
    expect(payload).toMatchObject({
      type: 'image.task.completed',
      images: [expect.stringMatching(/^http.*\.jpg$/), expect.stringMatching(/^http.*\.jpg$/)],
      data: { result: { images: payload.images } },
    });
    for (const url of payload.images as string[]) expect((await fetch(url)).status).toBe(200);
  });

  it('comes for the task that is made by trying a failed one again', async () => {
    const id = await videos().create('fail:internal_error', { callback_url: receiver.url() });
    await callbackOf(id);
    const again = await videos().request('POST', `/v1/video/tasks/${id}/retry`);
    const { task_id: second } = (await again.json()) as TaskBody;
    await receiver.until(2);
    expect(verified(receiver.received[1])).toMatchObject({ task_id: second, type: 'video.task.failed' });
  });

  it('comes again, under the same id, after a failure, 5 s after the end and not before', async () => {
    receiver.answer = (response, _received, nth) => response.writeHead(nth === 1 ? 500 : 200).end();
    const id = await videos().create('又一次', { callback_url: receiver.url() });
    const { completed_at } = await videos().ended(id);
    await receiver.until(2);
    const [first, second] = receiver.received;
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(verified(second)).toEqual(verified(first));
    const waited = (second?.at ?? 0) - Date.parse(String(completed_at));
    expect(waited).toBeGreaterThanOrEqual(4_900);
    expect(waited).toBeLessThan(12_000);
  });

  it('comes although the dispatcher is killed while it is taken, and the task is deleted meanwhile', async () => {
    receiver.answer = (response, _received, nth) => {
      if (nth === 1) system.kill('callback-dispatcher');
      else response.writeHead(200).end();
    };
    const id = await videos().create('杀死', { callback_url: receiver.url() });
    await receiver.until(1);
    await videos().request('DELETE', '/v1/video/tasks', { task_ids: [id] });
    await receiver.until(2, 60_000);
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual(Array(2).fill(`msg_${id.slice(5)}`));
    for (const received of receiver.received) {
      expect(verified(received)).toMatchObject({ type: 'video.task.completed', task_id: id });
    }
  });
});

describe('the secret', () => {
  it('lies in a file that only its owner reads, and is told to the dispatcher alone', async () => {
    expect(statSync(join(system.dataDir, 'callback.secret')).mode & 0o777).toBe(0o600);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    for (const name of ['api-gateway', 'chat', 'image', 'video-worker-1', 'token-pool', 'simulator']) {
      expect(await readFile(`/proc/${system.pid(name)}/environ`, 'utf8'), name).not.toContain('whsec_');
    }
    expect(await readFile(`/proc/${system.pid('callback-dispatcher')}/environ`, 'utf8')).toContain(secret);
    expect(JSON.stringify(system.logLines())).not.toContain('whsec_');
  });
});

describe('an address to call', () => {
  it.each(['http://10.0.0.1/', 'http://[::1]/', 'http://me@example.com/', 'ftp://example.com/', 'nonsense', '//x'])(
    'is refused at once: %s',
    async (callback_url) => {
      const body = { model: 'grok-imagine-1.0-video', prompt: 'x', callback_url };
      const answer = await system.tasks().request('POST', '/v1/video/tasks', body);
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ error: { code: 'invalid_callback_url', param: 'callback_url' } });
    },
  );
});
