import { probeVideo, type StreamEvent, TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const documented = {
  model: 'grok-imagine-1.0-video',
  prompt: '一只海豚在海洋中跳跃',
  aspect_ratio: '16:9',
  video_length: 6,
  resolution: '480p',
  preset: 'normal',
};
const TASK_ID = /^task_[0-9a-f]{32}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/;

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.start();
});
afterAll(async () => {
  await system?.stop();
});

async function collect(events: AsyncIterable<StreamEvent>): Promise<StreamEvent[]> {
  const all: StreamEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe('a video task from prompt to file', () => {
  it('is made, watched and played as documented', async () => {
    const tasks = system.tasks();
    const created = await tasks.request('POST', '/v1/video/tasks', documented);
    expect(created.status).toBe(200);
    expect(created.headers.get('x-request-id')).toBeTruthy();
    const body = (await created.json()) as { task_id: string };
    expect(body).toEqual({
      status: 'success',
      task_id: expect.stringMatching(TASK_ID),
      message: '视频生成任务已提交',
    });

    const events = await collect(tasks.stream(body.task_id));
    const types = events.map(({ data }) => data.type);
    expect(types[0]).toBe('snapshot');
    expect(types.at(-1)).toBe('completed');
    expect(types.filter((type) => type === 'progress').length).toBeGreaterThan(0);
    const progress = events.map(({ data }) => data.progress);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    for (const { data } of events) expect(data).toMatchObject({ task_id: body.task_id, status: expect.any(String) });

    const task = await tasks.get(body.task_id);
    expect(task).toMatchObject({
      task_id: body.task_id,
      status: 'completed',
      progress: 100,
      prompt: documented.prompt,
      model: documented.model,
      created_at: expect.stringMatching(TIME),
      started_at: expect.stringMatching(TIME),
      completed_at: expect.stringMatching(TIME),
      message: '视频生成完成',
      code: 200,
      data: { taskId: body.task_id, status: 'success', progress: 100, result: { downloadUrl: task.video_url } },
    });
    expect(events.at(-1)?.data.video_url).toBe(task.video_url);

    const video = await probeVideo(String(task.video_url));
    expect(video).toMatchObject({ codec: 'h264', width: 848, height: 480 });
    expect(video.duration).toBeGreaterThan(5.8);
    expect(video.duration).toBeLessThan(6.2);

    const part = await fetch(String(task.video_url), { headers: { range: 'bytes=0-99' } });
    expect(part.status).toBe(206);
    expect((await part.arrayBuffer()).byteLength).toBe(100);
    expect(part.headers.get('content-type')).toBe('video/mp4');
  });

  it.each([
    ['2:3', '480p', 480, 720],
    ['1:1', '720p', 720, 720],
    ['9:16', '720p', 720, 1280],
  ])('has the ratio %s at %s', async (aspect_ratio, resolution, width, height) => {
    const tasks = system.tasks();
    const task = await tasks.ended(
      await tasks.create(`形状 ${aspect_ratio}`, { aspect_ratio, resolution, video_length: 10 }),
    );
    const video = await probeVideo(String(task.video_url));
    expect(video).toMatchObject({ width, height });
    expect(Math.abs(video.duration - 10)).toBeLessThan(0.2);
  });

  it('answers a reader of a finished task with its snapshot and its end, and one who saw the end with 204', async () => {
    const tasks = system.tasks();
    const id = await tasks.create('已经完成');
    await tasks.ended(id);
    const events = await collect(tasks.stream(id));
    expect(events.map(({ data }) => data.type)).toEqual(['snapshot', 'completed']);
    const seen = String(events.at(-1)?.id);
    const again = await tasks.request('GET', `/v1/video/tasks/${id}/stream`, undefined, { 'last-event-id': seen });
    expect(again.status).toBe(204);
  });

  it('takes an upload as its first frame, deletes it from nobody, and shows it to the upstream', async () => {
    const tasks = system.tasks();
    const form = new FormData();
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAEElEQVR4nGP4z8AARwzEcQCukw/x0F8jngAAAABJRU5ErkJggg==',
      'base64',
    );
    form.set('file', new Blob([png]), '图 片.png');
    const answer = await fetch(`${system.baseUrl}/v1/video/upload`, { method: 'POST', body: form });
    expect(answer.status).toBe(200);
    const upload = (await answer.json()) as { file_id: string; file_uri: string; image_url: string };
    expect(upload).toEqual({
      file_id: expect.stringMatching(/^file_[0-9a-f]{32}$/),
      file_uri: expect.stringMatching(/^uploads\/[0-9a-f]{32}\/图_片\.png$/),
      image_url: expect.stringMatching(/\/v1\/files\/file_[0-9a-f]{32}\.png$/),
    });
    const served = await fetch(upload.image_url);
    expect(Buffer.from(await served.arrayBuffer()).equals(png)).toBe(true);

    const prompt = '让图片动起来';
    const id = await tasks.create(prompt, { image_url: upload.image_url, aspect_ratio: '1:1' });
    expect((await tasks.ended(id)).status).toBe('completed');
    expect((await system.simulator.jobs(prompt))[0]).toMatchObject({ has_image: true });

    const dataUrl = `data:image/png;base64,${png.toString('base64')}`;
    const other = await tasks.ended(await tasks.create('数据网址', { image_url: dataUrl }));
    expect(other.status).toBe('completed');
    expect((await system.simulator.jobs('数据网址'))[0]).toMatchObject({ has_image: true });
  });

  it.each([
    ['moderated:create', 'content_policy_violation'],
    ['moderated:done', 'content_policy_violation'],
    ['moderated:failed', 'content_policy_violation'],
    ['moderated:poll400', 'content_policy_violation'],
    ['fail:internal_error', 'upstream_error'],
    ['status:expired', 'upstream_error'],
  ])('ends as failed with the reason when the upstream says %s', async (prompt, code) => {
    const tasks = system.tasks();
    const task = await tasks.ended(await tasks.create(prompt));
    expect(task).toMatchObject({
      status: 'failed',
      error: { code },
      message: expect.stringMatching(/^生成失败: ./),
      data: { status: 'failed', errorMsg: expect.stringMatching(/./) },
    });
    expect(await system.simulator.jobs(prompt)).toHaveLength(prompt === 'moderated:create' ? 0 : 1);
  });

  it('speaks English to those who ask for it', async () => {
    const tasks = system.tasks();
    const answer = await tasks.request('POST', '/v1/video/tasks', documented, { 'accept-language': 'en-US,en;q=0.9' });
    expect(await answer.json()).toMatchObject({ message: 'Video generation task submitted' });
  });
});
