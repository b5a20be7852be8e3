import { TestSystem } from '@grok2api/testkit';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chunks, textOf } from '../chat/support/chunks.js';
import { mediaFiles } from '../support/media-files.js';
import { picture } from '../support/picture.js';
import { colorsIn } from './support/colors.js';
import { fetchFile, sizeOf } from './support/image-client.js';

const MARKDOWN = /^!\[image\]\((http:\/\/\S+\/v1\/files\/image_[0-9a-f]{32}\.jpg)\)$/;

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.start({ env: { SIMULATOR_IMAGE_MS: '50' } });
});
afterAll(async () => {
  await system?.stop();
});

const ask = (content: unknown, more: object = {}) =>
  system.tasks().request('POST', '/v1/chat/completions', {
    model: 'grok-imagine-1.0',
    messages: [{ role: 'user', content }],
    ...more,
  });
const fileOf = async (content: string) => (await fetchFile(MARKDOWN.exec(content)?.[1])).bytes;

describe('an image through a chat completion', () => {
  it('is answered as Markdown, in the words of a completion', async () => {
    const answer = await ask('一只可爱的猫', { n: 3 });
    expect(answer.status).toBe(200);
    const body = (await answer.json()) as OpenAI.ChatCompletion;
    expect(body).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-/),
      object: 'chat.completion',
      model: 'grok-imagine-1.0',
      choices: [{ index: 0, message: { role: 'assistant' }, finish_reason: 'stop' }],
      usage: { total_tokens: 0 },
    });
    expect(body.choices).toHaveLength(1);
    expect(await sizeOf(await fileOf(body.choices[0]?.message.content ?? ''))).toBe('1024x1024');
  });

  it('streams: the role, the content, the end', async () => {
    const all = await chunks(await ask('流式', { stream: true, stream_options: { include_usage: true } }));
    expect(all.at(-1)).toBe('[DONE]');
    expect(textOf(all)).toMatch(MARKDOWN);
    const parts = all.filter((chunk) => chunk !== '[DONE]');
    expect(parts[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(parts.map(({ choices }) => choices[0]?.finish_reason).filter(Boolean)).toEqual(['stop']);
    expect(parts.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 0 } });
    expect(new Set(parts.map(({ id, created }) => `${id} ${created}`)).size).toBe(1);
  });

  it('edits the pictures of the last user message', async () => {
    const url = await picture({ width: 200, height: 100, color: '#ff0000' });
    const content = [
      { type: 'text', text: '加上蓝天' },
      { type: 'image_url', image_url: { url } },
      { type: 'image_url', image_url: { url: await picture({ width: 50, height: 50, color: '#0000ff' }) } },
    ];
    const body = (await (await ask(content, { model: 'grok-imagine-1.0-edit' })).json()) as OpenAI.ChatCompletion;
    const file = await fileOf(body.choices[0]?.message.content ?? '');
    expect(await sizeOf(file)).toBe('1024x512');
    expect(await colorsIn(file, ['#ff0000', '#0000ff'])).toEqual(['#ff0000', '#0000ff']);
    const uploads = async () => (await mediaFiles(system)).filter((name) => name.startsWith('file_'));
    await expect.poll(uploads, { timeout: 5_000 }).toEqual([]);
  });

  it.each([false, true])('is an error with a status before the first byte (stream: %s)', async (stream) => {
    const moderated = await ask('moderated:image', { stream });
    expect(moderated.status).toBe(400);
    expect(moderated.headers.get('x-should-retry')).toBe('false');
    expect(await moderated.json()).toMatchObject({ error: { code: 'content_policy_violation' } });
    const empty = await ask([{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }], { stream });
    expect(await empty.json()).toMatchObject({ error: { code: 'empty_prompt', param: 'messages' } });
    const unreachable = [
      { type: 'text', text: 'x' },
      { type: 'image_url', image_url: { url: 'https://picture.invalid/a.png' } },
    ];
    const failed = await ask(unreachable, { stream });
    expect(failed.status).toBe(400);
    expect(await failed.json()).toMatchObject({ error: { code: 'image_fetch_failed' } });
  });

  it('comes to the openai package as any answer', async () => {
    const openai = new OpenAI({ baseURL: `${system.baseUrl}/v1`, apiKey: 'any', maxRetries: 0 });
    const stream = openai.chat.completions.stream({
      model: 'grok-imagine-1.0',
      messages: [{ role: 'user', content: '一只狗' }],
    });
    expect(await stream.finalContent()).toMatch(MARKDOWN);
  });
});
