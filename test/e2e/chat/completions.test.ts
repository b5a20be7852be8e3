import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TestSystem } from '@grok2api/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { picture, pictureFile } from '../support/picture.js';
import { chunks, textOf } from './support/chunks.js';

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.start({ env: { SIMULATOR_TOKEN_MS: '2' } });
});
afterEach(() => system.simulator.clearFaults());
afterAll(async () => {
  await system?.stop();
});

const complete = (request: object, headers: Record<string, string> = {}) =>
  system.tasks().request('POST', '/chat/completions', { model: 'grok-2', ...request }, headers);
const ask = (content: unknown, more: object = {}) => complete({ messages: [{ role: 'user', content }], ...more });

interface Completion {
  choices: {
    index: number;
    message: { content: string; reasoning_content?: string; tool_calls?: object[] };
    finish_reason: string;
    logprobs?: object;
  }[];
  usage: { completion_tokens: number; completion_tokens_details: { reasoning_tokens: number } };
}
const body = async (answer: Promise<Response>): Promise<Completion> => {
  const got = await answer;
  const json = await got.json();
  expect(got.status, JSON.stringify(json)).toBe(200);
  return json as Completion;
};
const refused = async (answer: Promise<Response>) => {
  const got = await answer;
  return {
    status: got.status,
    headers: got.headers,
    ...((await got.json()) as { error: { code: string; message: string; type: string; param: string | null } }),
  };
};
/** What the upstream was sent last. */
const sent = async () =>
  (await system.simulator.log({ path: '/v1/chat/completions' })).at(-1)?.body as Record<string, unknown>;

describe('reasoning', () => {
  it('is a field of its own, and counted', async () => {
    const { choices, usage } = await body(ask('你好', { thinking: 'enabled' }));
    expect(choices[0]?.message.reasoning_content).toBeTruthy();
    expect(usage.completion_tokens_details.reasoning_tokens).toBeGreaterThan(0);
    expect(usage.completion_tokens).toBeGreaterThan(usage.completion_tokens_details.reasoning_tokens);
    const all = await chunks(await ask('你好', { stream: true }));
    expect(textOf(all, 'reasoning_content')).toBe(choices[0]?.message.reasoning_content);
    expect(textOf(all)).toBe(choices[0]?.message.content);
  });

  it('is hidden and least where thinking is disabled', async () => {
    const { choices } = await body(ask('你好', { thinking: 'disabled' }));
    expect(choices[0]?.message).not.toHaveProperty('reasoning_content');
    expect(await sent()).toMatchObject({ reasoning_effort: 'none' });
    const streamed = await chunks(
      await complete({
        model: 'grok-4.6',
        messages: [{ role: 'user', content: '你好' }],
        thinking: 'disabled',
        stream: true,
      }),
    );
    expect(await sent()).toMatchObject({ reasoning_effort: 'low' });
    expect(textOf(streamed, 'reasoning_content')).toBe('');
    expect(textOf(streamed)).toBeTruthy();
  });

  it('has the effort that is asked for, whatever thinking says, and none where the model takes none', async () => {
    await body(ask('hi', { thinking: 'disabled', reasoning_effort: 'high' }));
    expect(await sent()).toMatchObject({ reasoning_effort: 'high' });
    await body(
      complete({
        model: 'grok-4.3',
        messages: [{ role: 'user', content: 'hi' }],
        reasoning_effort: 'high',
        stop: 'END',
      }),
    );
    expect(await sent()).not.toHaveProperty('reasoning_effort');
    expect(await sent()).toMatchObject({ stop: ['END'] });
    await body(ask('hi', { stop: 'END', presence_penalty: 1 }));
    expect(await sent()).not.toHaveProperty('stop');
  });
});

describe('what is passed on', () => {
  it('several choices, told apart by their index', async () => {
    const { choices } = await body(ask('tokens:4', { n: 3 }));
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2]);
    const all = await chunks(await ask('tokens:4', { n: 3, stream: true }));
    for (const index of [0, 1, 2]) {
      const own = all.flatMap((chunk) =>
        chunk === '[DONE]' ? [] : chunk.choices.filter((choice) => choice.index === index),
      );
      expect(own[0]?.delta.role).toBe('assistant');
      expect(
        own
          .map(({ delta }) => delta.content ?? '')
          .join('')
          .trim(),
      ).toBe('t0 t1 t2 t3');
      expect(own.at(-1)?.finish_reason).toBe('stop');
    }
  });

  it('logprobs, bounds and formats', async () => {
    const { choices } = await body(ask('hi', { logprobs: true, top_logprobs: 20, max_tokens: 3 }));
    expect(choices[0]?.logprobs).toBeTruthy();
    expect(choices[0]?.finish_reason).toBe('length');
    expect(await sent()).toMatchObject({ top_logprobs: 8 });
    const json = await body(ask('hi', { response_format: { type: 'json_object' } }));
    expect(JSON.parse(json.choices[0]?.message.content ?? '')).toBeTypeOf('object');
  });

  it('tools, streamed, with their index', async () => {
    const tools = [
      {
        type: 'function',
        function: {
          name: 'look_up',
          parameters: { type: 'object', properties: { word: { type: 'string' } }, required: ['word'] },
        },
      },
    ];
    const all = await chunks(await ask('calls:2 please', { tools, tool_choice: 'required', stream: true }));
    const calls = all.flatMap((chunk) => (chunk === '[DONE]' ? [] : (chunk.choices[0]?.delta.tool_calls ?? [])));
    expect(calls).toMatchObject([
      {
        index: 0,
        id: expect.any(String),
        type: 'function',
        function: { name: 'look_up', arguments: expect.any(String) },
      },
      { index: 1 },
    ]);
    expect(
      all
        .flatMap((chunk) => (chunk === '[DONE]' ? [] : chunk.choices.map(({ finish_reason }) => finish_reason)))
        .at(-1),
    ).toBe('tool_calls');
  });

  it('a request too big for a message, and leaves nothing behind', async () => {
    const { choices } = await body(ask(`tokens:3 ${'x'.repeat(3_000_000)}`));
    expect(choices[0]?.message.content.trim()).toBe('t0 t1 t2');
    const left = async () =>
      (await readdir(join(system.dataDir, 'media'), { recursive: true })).filter((name) => name.includes('request_'));
    await expect.poll(left).toEqual([]);
  });
});

describe('pictures', () => {
  const see = (url: string) =>
    ask([
      { type: 'text', text: 'see' },
      { type: 'image_url', image_url: { url } },
    ]);

  it('of this server and of data URLs are shown to the upstream', async () => {
    const form = new FormData();
    form.set(
      'file',
      new Blob([new Uint8Array(await pictureFile({ width: 40, height: 30, color: '#0000ff' }))]),
      'blue.png',
    );
    const uploaded = await fetch(`${system.baseUrl}/v1/video/upload`, { method: 'POST', body: form });
    const { image_url } = (await uploaded.json()) as { image_url: string };
    expect((await body(see(image_url))).choices[0]?.message.content).toContain('40×30, #0000ff blue');
    const data = await picture({ width: 8, height: 9, color: '#00ff00' });
    expect((await body(see(data))).choices[0]?.message.content).toContain('8×9, #00ff00');
  });

  it('of public https addresses are left to the upstream', async () => {
    const { choices } = await body(see('https://example.com/cat.jpg'));
    expect(choices[0]?.message.content).toContain('URL https://example.com/cat.jpg');
  });

  it.each([
    ['http://127.0.0.1/a.png', 'invalid_image_url'],
    ['https://10.0.0.1/a.png', 'invalid_image_url'],
    ['https://[::ffff:192.168.0.1]/a.png', 'invalid_image_url'],
    ['ftp://example.com/a.png', 'invalid_image_url'],
    ['data:image/png,abc', 'invalid_image_url'],
    [`data:image/png;base64,${Buffer.from('no picture').toString('base64')}`, 'invalid_image'],
    ['http://nowhere.invalid/a.png', 'image_fetch_failed'],
  ])('%s is refused: %s', async (url, code) => {
    const { status, error } = await refused(see(url));
    expect([status, error.code]).toEqual([400, code]);
  });
});

describe('what is wrong with a request is said', () => {
  const message = { role: 'user', content: 'hi' };
  it.each([
    [{ messages: [] }, 'messages', 'invalid_value'],
    [{}, 'messages', 'missing_required_parameter'],
    [{ messages: 'hi' }, 'messages', 'invalid_type'],
    [{ messages: [{ role: 'robot', content: 'hi' }] }, 'messages.0.role', 'invalid_value'],
    [{ messages: [{ role: 'user' }] }, 'messages.0.content', 'missing_required_parameter'],
    [
      { messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] },
      'messages.0.content.0.type',
      'invalid_value',
    ],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages.0.tool_call_id', 'missing_required_parameter'],
    [{ messages: [message], temperature: 'hot' }, 'temperature', 'invalid_type'],
    [{ messages: [message], n: 0 }, 'n', 'invalid_value'],
    [{ messages: [message], stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop', 'invalid_value'],
    [{ messages: [message], reasoning_effort: 'much' }, 'reasoning_effort', 'invalid_value'],
    [{ messages: [message], thinking: 'maybe' }, 'thinking', 'invalid_value'],
    [{ messages: [message], response_format: { type: 'xml' } }, 'response_format.type', 'invalid_value'],
    [{ messages: [message], tools: [{ type: 'function' }] }, 'tools.0.function', 'missing_required_parameter'],
    [{ messages: [message], stream: 'yes' }, 'stream', 'invalid_type'],
    [{ model: 7, messages: [message] }, 'model', 'invalid_type'],
  ])('%j', async (request, param, code) => {
    const { status, error } = await refused(complete(request));
    expect({ status, param: error.param, code: error.code }).toEqual({ status: 400, param, code });
    expect(error.message).toBeTruthy();
  });

  it('an unknown model, in the words of the document', async () => {
    const { status, error } = await refused(complete({ model: 'invalid-model', messages: [message] }));
    expect(status).toBe(404);
    expect(error).toEqual({
      message: 'The model `invalid-model` does not exist or you do not have access to it.',
      type: 'invalid_request_error',
      param: 'model',
      code: 'model_not_found',
    });
  });
});

describe('what goes wrong upstream', () => {
  // A success ends the streak of faults, so that the credential need not rest.
  afterEach(async () => {
    for (const model of ['grok-4.7', 'grok-4.3']) await body(ask('tokens:1', { model }));
  });

  it.each([false, true])('moderation is the fault of the request, and not tried again (stream: %s)', async (stream) => {
    const before = (await system.simulator.log({ path: '/v1/chat/completions' })).length;
    const { status, error, headers } = await refused(ask('moderated:chat', { stream }));
    expect([status, error.code, headers.get('x-should-retry')]).toEqual([400, 'content_policy_violation', 'false']);
    expect((await system.simulator.log({ path: '/v1/chat/completions' })).length).toBe(before + 1);
    expect((await ask('hi')).status).toBe(200);
  });

  it.each([
    ['error:200', false],
    ['error:200', true],
    ['empty:200', false],
    ['empty:200', true],
    ['empty:content', false],
    ['empty:content', true],
  ])('%s is a fault, not an answer (stream: %s)', async (prompt, stream) => {
    // A model without reasoning: thoughts alone are an answer too.
    const { status, error } = await refused(ask(prompt, { stream, model: 'grok-4.3' }));
    expect([status, error.type]).toEqual([502, 'upstream_error']);
  });

  it.each(['cut:4', 'error-chunk:4'])('%s after the first byte ends the stream with an error', async (prompt) => {
    const answer = await ask(`tokens:9 ${prompt}`, { stream: true, thinking: 'disabled' });
    expect(answer.status).toBe(200);
    const all = await chunks(answer);
    expect(all).not.toContain('[DONE]');
    expect(all.at(-1)).toMatchObject({ error: { code: 'upstream_error', type: 'upstream_error', param: null } });
    expect(textOf(all.slice(0, -1)).trim()).toBe('t0 t1 t2 t3');
  });

  it('an answer that does not begin in time is given up, for the time that the client says', async () => {
    const begun = Date.now();
    const messages = [{ role: 'user', content: 'think:20000 hi' }];
    const { status, error, headers } = await refused(
      complete({ messages, stream: true }, { 'x-stainless-timeout': '1' }),
    );
    expect([status, error.code, headers.get('x-should-retry')]).toEqual([504, 'upstream_timeout', 'false']);
    expect(Date.now() - begun).toBeLessThan(3_000);
    await expect
      .poll(async () => (await system.simulator.log({ path: '/v1/chat/completions' })).at(-1)?.ended)
      .toBe('client_closed');
  });

  it('an answer that takes long begins with a comment; what goes wrong then is an event', async () => {
    const messages = [{ role: 'user', content: 'think:60000 hi' }];
    const answer = await complete({ messages, stream: true }, { 'x-stainless-timeout': '16' });
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text.startsWith(': ping\n\ndata: {"error":{')).toBe(true);
    expect(text).toContain('"code":"upstream_timeout"');
    expect(text).not.toContain('[DONE]');
  });

  it('a model that the credential may not use, or no credential at all, is 429 in the words of the document', async () => {
    await system.simulator.addFault({
      match: { path: '/v1/chat/completions', model: 'grok-4.5' },
      times: null,
      fault: { status: 403, body: { code: 'permission-denied', error: 'Your team lacks permission.' } },
    });
    const { status, error, headers } = await refused(
      complete({ model: 'grok-4.5', messages: [{ role: 'user', content: 'hi' }] }),
    );
    expect(status).toBe(429);
    expect(error).toMatchObject({
      message: 'No available tokens. Please try again later.',
      type: 'rate_limit_error',
      code: 'rate_limit_exceeded',
    });
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

it('the examples of the document work as they stand', async () => {
  const answer = await fetch(`${system.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ model: 'grok-2', messages: [{ role: 'user', content: '写一首诗' }], stream: true }),
  });
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(answer.headers.get('cache-control')).toBe('no-cache, no-transform');
  expect(answer.headers.get('x-accel-buffering')).toBe('no');
  const all = await chunks(answer);
  expect(all.at(-1)).toBe('[DONE]');
  expect(textOf(all)).toContain('写一首诗');
});
