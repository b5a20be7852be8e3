import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createXaiUpstream, type GrokUpstream, type UpstreamChatRequest } from '../src/index.js';
import { answer, cut, hangUp, type Script, ScriptedServer } from './scripted-server.js';
import { CHAT, credentialFor, failureOf, SECRET, untilDone } from './support.js';

let server: ScriptedServer;
let upstream: GrokUpstream;
beforeEach(async () => {
  server = await ScriptedServer.start();
  upstream = createXaiUpstream({ answerTimeoutMs: 200, maxAnswerBytes: 300, maxChatAnswerBytes: 5000 });
});
afterEach(async () => {
  await upstream.close();
  await server.stop();
});
const complete = (request: UpstreamChatRequest = CHAT) =>
  upstream.completeChat(credentialFor(server.origin), request, untilDone());

async function bodyOf(request: UpstreamChatRequest): Promise<unknown> {
  server.play(answer(200, reply({ content: 'Hi' })));
  await complete(request);
  return JSON.parse((await server.received(1)).body);
}

function reply(message: object, more: object = {}, choice: object = {}) {
  return {
    id: '0b6f1a2c-93d4-4e5f-8a6b-7c8d9e0f1a2b',
    object: 'chat.completion',
    created: 1_790_000_000,
    model: 'grok-4.7',
    choices: [
      { index: 0, message: { role: 'assistant', refusal: null, ...message }, finish_reason: 'stop', ...choice },
    ],
    ...more,
  };
}

describe('the request', () => {
  it('is sent as xAI names it, with nothing that was not asked for', async () => {
    expect(await bodyOf({ model: 'grok-4.7', messages: [{ role: 'user', content: 'Hi' }] })).toEqual({
      model: 'grok-4.7',
      messages: [{ role: 'user', content: 'Hi' }],
    });
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      path: '/v1/chat/completions',
      headers: { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' },
    });
  });

  it('sends every parameter', async () => {
    const parameters: UpstreamChatRequest = {
      model: 'grok-4.3',
      messages: [],
      temperature: 0.5,
      topP: 0.9,
      maxTokens: 100,
      stop: ['END'],
      n: 2,
      seed: 7,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      logprobs: true,
      topLogprobs: 3,
      tools: [{ name: 'now' }, { name: 'add', description: 'Adds', parameters: { type: 'object' }, strict: true }],
      toolChoice: { name: 'add' },
      parallelToolCalls: false,
      responseFormat: { type: 'json_schema', jsonSchema: { name: 'sum', schema: { type: 'object' }, strict: null } },
      reasoningEffort: 'low',
      user: 'u-1',
    };
    expect(await bodyOf(parameters)).toEqual({
      model: 'grok-4.3',
      messages: [],
      temperature: 0.5,
      top_p: 0.9,
      max_completion_tokens: 100,
      stop: ['END'],
      n: 2,
      seed: 7,
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      logprobs: true,
      top_logprobs: 3,
      tools: [
        { type: 'function', function: { name: 'now' } },
        {
          type: 'function',
          function: { name: 'add', description: 'Adds', parameters: { type: 'object' }, strict: true },
        },
      ],
      tool_choice: { type: 'function', function: { name: 'add' } },
      parallel_tool_calls: false,
      response_format: { type: 'json_schema', json_schema: { name: 'sum', schema: { type: 'object' }, strict: null } },
      reasoning_effort: 'low',
      user: 'u-1',
    });
  });

  it.each([
    [
      { toolChoice: 'required', responseFormat: { type: 'json_object' } } as const,
      { tool_choice: 'required', response_format: { type: 'json_object' } },
    ],
    [{ responseFormat: { type: 'text' } } as const, { response_format: { type: 'text' } }],
  ])('sends %j', async (parameters, body) => {
    expect(await bodyOf({ ...CHAT, ...parameters })).toMatchObject(body);
  });

  it('sends every kind of message', async () => {
    const request: UpstreamChatRequest = {
      model: 'grok-4.7',
      messages: [
        { role: 'system', content: 'Be brief' },
        { role: 'user', content: 'Hi', name: 'Bo' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is it?' },
            { type: 'image', url: 'https://pictures.example/1.png' },
            { type: 'image', url: 'data:image/png;base64,AAAA', detail: 'high' },
          ],
        },
        { role: 'assistant', content: null, toolCalls: [{ id: 'call_1', name: 'now', arguments: '{}' }] },
        { role: 'tool', toolCallId: 'call_1', content: 'noon' },
        { role: 'assistant', content: 'Noon', name: 'Grok' },
      ],
    };
    expect(await bodyOf(request)).toMatchObject({
      messages: [
        { role: 'system', content: 'Be brief' },
        { role: 'user', content: 'Hi', name: 'Bo' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is it?' },
            { type: 'image_url', image_url: { url: 'https://pictures.example/1.png' } },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'high' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'now', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'call_1', content: 'noon' },
        { role: 'assistant', content: 'Noon', name: 'Grok' },
      ],
    });
  });
});

describe('the reply', () => {
  it('has text, reasoning and honest usage', async () => {
    const usage = {
      prompt_tokens: 32,
      completion_tokens: 9,
      total_tokens: 135,
      prompt_tokens_details: { text_tokens: 32, cached_tokens: 6, image_tokens: 0, note: 'x' },
      completion_tokens_details: { reasoning_tokens: 94, audio_tokens: 0 },
      num_sources_used: 0,
      cost_in_usd_ticks: 2_500_000,
    };
    const message = { content: 'Noon.', reasoning_content: 'Clock says so.' };
    server.play(answer(200, reply(message, { usage, system_fingerprint: 'fp_1' })));
    expect(await complete()).toEqual({
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Noon.', refusal: null, reasoning_content: 'Clock says so.' },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: 32,
        completion_tokens: 103,
        total_tokens: 135,
        prompt_tokens_details: { text_tokens: 32, cached_tokens: 6, image_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 94, audio_tokens: 0 },
      },
      systemFingerprint: 'fp_1',
      costUsdTicks: 2_500_000,
    });
  });

  it('has calls of tools whose arguments are text', async () => {
    const call = (id: string, args: unknown) => ({ id, type: 'function', function: { name: 'add', arguments: args } });
    const tool_calls = [
      call('call_1', '{"a":1}'),
      call('call_2', { a: 2 }),
      call('call_3', undefined),
      call('4', null),
    ];
    server.play(answer(200, reply({ content: '', tool_calls }, {}, { finish_reason: undefined })));
    const [choice] = (await complete()).choices;
    expect(choice).toMatchObject({ finish_reason: 'tool_calls', message: { content: '' } });
    expect(choice?.message.tool_calls?.map((called) => called.function.arguments)).toEqual([
      '{"a":1}',
      '{"a":2}',
      '',
      '',
    ]);
  });

  it('has every choice, with its logprobs', async () => {
    const logprobs = { content: [{ token: 'A', logprob: -0.1 }] };
    const choices = [
      { index: 0, message: { content: 'A' }, logprobs, finish_reason: 'length' },
      { index: 1, message: { content: '' }, finish_reason: 'stop' },
    ];
    server.play(answer(200, { choices, usage: { prompt_tokens: 'many' } }));
    const whole = await complete({ ...CHAT, n: 2 });
    expect(whole.choices).toMatchObject([
      { index: 0, message: { content: 'A' }, logprobs, finish_reason: 'length' },
      { index: 1, message: { content: '' }, logprobs: null },
    ]);
    expect(whole).not.toHaveProperty('usage');
  });

  it.each([
    ['a text cut by its limit before the first letter', { content: '' }, 'length'],
    ['a filtered text', { content: null }, 'content_filter'],
    ['a refusal', { content: null, refusal: 'I will not.' }, 'stop'],
    ['reasoning alone', { reasoning_content: 'Hm' }, 'stop'],
  ])('may be %s', async (_, message, finish_reason) => {
    server.play(answer(200, reply(message, {}, { finish_reason })));
    expect((await complete()).choices).toMatchObject([{ finish_reason, message: { content: null, ...message } }]);
  });

  it.each<[string, Script, RegExp]>([
    ['an empty text', answer(200, reply({ content: '' })), /empty/],
    ['no text', answer(200, reply({ content: null })), /empty/],
    ['no choices', answer(200, { choices: [] }), /unreadable/],
    ['no body', answer(200), /unreadable/],
    ['HTML', answer(200, '<html>Welcome</html>'), /unreadable/],
    ['cut JSON', answer(200, '{"choices":[{"mess'), /unreadable/],
    ['a list', answer(200, []), /unreadable/],
    ['events', answer(200, 'data: {"choices":[]}\n\n'), /unreadable/],
    ['an error of the server', answer(200, { error: { message: 'Sorry', type: 'server_error' } }), /^Sorry$/],
    ['a redirect', answer(307, '', { location: '/elsewhere' }), /307/],
    ['no answer', hangUp, /connection/],
    ['a cut answer', cut(200, JSON.stringify(reply({ content: 'Hi' }))), /connection/],
    ['too long an error', answer(400, 'x'.repeat(301)), /longer than 300 bytes/],
    ['too long an answer', answer(200, reply({ content: 'x'.repeat(5000) })), /longer than 5000 bytes/],
  ])('is a fault when it is %s', async (_, script, message) => {
    server.play(script);
    const error = await failureOf(complete());
    expect(error).toMatchObject({ fault: 'transient', outcome: 'fault', submitted: 'no' });
    expect(error.message).toMatch(message);
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ['Too many requests', { code: 'resource-exhausted', error: 'Too many requests' }, 'rate_limited'],
    ['no credits', { error: 'Your team has used all available credits.' }, 'no_credits'],
    ['moderation', { error: { message: 'Content violates usage guidelines.' } }, 'moderated'],
  ])('is an error when its 200 says %s', async (_, body, fault) => {
    server.play(answer(200, body));
    expect(await failureOf(complete())).toMatchObject({ fault, submitted: 'no', status: 200 });
  });

  it('may take longer than other answers', async () => {
    server.play((response, request) => {
      setTimeout(() => answer(200, reply({ content: 'Hi' }))(response, request), 300);
    });
    expect((await complete()).choices).toHaveLength(1);
  });
});

describe('a model that xAI does not know', () => {
  const text = 'The model grok-0 does not exist or your team lacks access. Ensure you are using the correct API key.';
  it.each([
    [404, { code: 'not-found', error: text }],
    [404, { code: 'Some requested entity was not found', error: 'Sorry' }],
    [400, { code: 'invalid-argument', error: 'Model not found: grok-0' }],
    [400, { code: 'invalid-argument', error: text }],
    [200, { code: 'not-found', error: text }],
  ])('is told from other bad requests: %i %j', async (status, body) => {
    server.play(answer(status, body));
    const error = await failureOf(complete());
    expect(error).toMatchObject({ fault: 'bad_request', outcome: 'not_counted', unknownModel: true, status });
  });

  it.each([
    [404, '<html>404 Not Found</html>', 'bad_request'],
    [410, { error: 'Live search is gone' }, 'bad_request'],
    [400, { error: 'This model does not support the parameter stop' }, 'bad_request'],
    [403, { error: 'The model does not exist' }, 'not_permitted'],
  ])('is not what %i %j says', async (status, body, fault) => {
    server.play(answer(status, body));
    expect(await failureOf(complete())).toMatchObject({ fault, unknownModel: false });
  });
});

describe('connections', () => {
  it('are kept and shared', async () => {
    server.play(answer(200, reply({ content: 'Hi' })));
    for (let count = 0; count < 10; count += 1) await complete();
    // A connection is taken up again only a moment after its last answer, so that a few may be open.
    expect(new Set(server.requests.map((request) => request.clientPort)).size).toBeLessThan(10);
  });

  it('are as many as there are calls', async () => {
    server.play(() => {});
    const aborts = Array.from({ length: 50 }, () => new AbortController());
    const calls = aborts.map(({ signal }) =>
      failureOf(upstream.completeChat(credentialFor(server.origin), CHAT, { signal })),
    );
    await server.received(50);
    expect(new Set(server.requests.map((request) => request.clientPort)).size).toBe(50);
    for (const abort of aborts) abort.abort();
    for (const error of await Promise.all(calls)) expect(error).toMatchObject({ fault: 'aborted', submitted: 'no' });
    await Promise.all(server.requests.map((request) => request.closed));
  });
});
