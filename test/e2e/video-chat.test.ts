import { TestSystem } from '@grok2api/testkit';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.start();
});
afterAll(async () => {
  await system?.stop();
});

const body = (prompt: string, more: object = {}) => ({
  model: 'grok-imagine-1.0-video',
  messages: [{ role: 'user', content: prompt }],
  video_config: { aspect_ratio: '16:9', video_length: 6, resolution_name: '480p', preset: 'normal' },
  ...more,
});
const complete = (request: object) => system.tasks().request('POST', '/chat/completions', request);

interface Chunk {
  id: string;
  created: number;
  choices: { delta: { role?: string; content?: string; reasoning_content?: string }; finish_reason: string | null }[];
  usage?: object;
  error?: { code: string };
}

async function chunks(answer: Response): Promise<(Chunk | '[DONE]')[]> {
  const all: (Chunk | '[DONE]')[] = [];
  if (!answer.body) throw new Error('no body');
  const events = answer.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const { data } of events) all.push(data === '[DONE]' ? data : (JSON.parse(data) as Chunk));
  return all;
}

describe('a video through a chat completion', () => {
  it('is awaited and answered as a message', async () => {
    const answer = await complete(body('一只可爱的猫在花园里玩耍'));
    expect(answer.status).toBe(200);
    const taskId = String(answer.headers.get('x-task-id'));
    const task = await system.tasks().get(taskId);
    expect(await answer.json()).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-/),
      object: 'chat.completion',
      model: 'grok-imagine-1.0-video',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: expect.stringContaining(`<source src="${task.video_url}" type="video/mp4">`),
          },
          finish_reason: 'stop',
        },
      ],
    });
    expect(task.status).toBe('completed');
  });

  it('streams its progress as reasoning, then the content', async () => {
    const answer = await complete(body('流式', { stream: true, stream_options: { include_usage: true } }));
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    const all = await chunks(answer);
    expect(all.at(-1)).toBe('[DONE]');
    const parts = all.filter((chunk): chunk is Chunk => chunk !== '[DONE]');
    expect(new Set(parts.map(({ id, created }) => `${id} ${created}`)).size).toBe(1);
    expect(parts[0]?.choices[0]?.delta.role).toBe('assistant');
    const reasoning = parts.map(({ choices }) => choices[0]?.delta.reasoning_content ?? '').join('');
    expect(reasoning).toMatch(/正在生成视频中，当前进度\d+%/);
    const content = parts.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
    expect(content).toMatch(/^<video .*<source src="http.*\.mp4" type="video\/mp4"><\/video>$/);
    expect(parts.map(({ choices }) => choices[0]?.finish_reason).filter(Boolean)).toEqual(['stop']);
    expect(parts.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 0 } });
  });

  it('takes the picture of the last user message as its first frame', async () => {
    const png = 'iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAEElEQVR4nGP4z8AARwzEcQCukw/x0F8jngAAAABJRU5ErkJggg==';
    const content = [
      { type: 'text', text: '让这张图动起来' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
    ];
    const answer = await complete({ model: 'grok-imagine-1.0-video', messages: [{ role: 'user', content }] });
    expect(answer.status).toBe(200);
    expect((await system.simulator.jobs('让这张图动起来'))[0]).toMatchObject({ has_image: true });
  });

  it('answers a failure as an error: before the first byte by its status, after it in the stream', async () => {
    const answer = await complete(body('moderated:failed'));
    expect(answer.status).toBe(400);
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expect(await answer.json()).toMatchObject({ error: { code: 'content_policy_violation' } });
    const streamed = await chunks(await complete(body('moderated:failed', { stream: true })));
    expect(streamed.at(-1)).toMatchObject({ error: { code: 'content_policy_violation' } });
    expect((await complete({ ...body('x'), messages: [] })).status).toBe(400);
  });

  it.each([false, true])('cancels the task when its client leaves (stream: %s)', async (stream) => {
    const prompt = `never:done ${stream}`;
    const leaving = new AbortController();
    const answer = fetch(`${system.baseUrl}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body(prompt, { stream })),
      signal: leaving.signal,
    });
    const gone = answer.then((response) => response.text()).catch((err: unknown) => err);
    const find = async () => {
      const list = await system.tasks().request('GET', '/v1/video/tasks?status=running&limit=5');
      const { tasks } = (await list.json()) as { tasks: { task_id: string; prompt: string }[] };
      return tasks.find((task) => task.prompt === prompt)?.task_id;
    };
    await expect.poll(find, { timeout: 10_000 }).toBeTruthy();
    const running = String(await find());
    leaving.abort();
    await gone;
    expect((await system.tasks().ended(running, 5_000)).status).toBe('cancelled');
    await system.logLine({ task_id: running, msg: 'leaving the task' });
  });

  it('tells who waits that the gateway stops; the task goes on', async () => {
    const waiting = complete(body('网关停止'));
    await expect.poll(async () => (await system.simulator.jobs('网关停止')).length, { timeout: 10_000 }).toBe(1);
    system.kill('api-gateway', 'SIGTERM');
    const answer = await waiting;
    expect(answer.status).toBe(503);
    expect(answer.headers.get('x-should-retry')).toBe('false');
    const taskId = String(answer.headers.get('x-task-id'));
    expect(answer.headers.get('location')).toContain(`/v1/video/tasks/${taskId}/result`);
    // The launcher starts the gateway again.
    const starts = () => system.logLines({ service: 'api-gateway', msg: 'listening' }).length;
    await expect.poll(starts, { timeout: 15_000 }).toBe(2);
    expect((await system.tasks().ended(taskId)).status).toBe('completed');
  });
});
