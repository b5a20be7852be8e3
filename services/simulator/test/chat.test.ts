import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { startTestSimulator } from './harness.js';

describe('a plain answer', () => {
  test('is in the words of the prompt, with usage that leaves the reasoning out', async () => {
    const simulator = await startTestSimulator();
    const answer = await simulator.chat('what is a black hole?', { model: 'grok-latest' });
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      id: expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/),
      object: 'chat.completion',
      created: expect.any(Number),
      model: 'grok-4.7',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: 'Hello! I am Grok (grok-4.7), an assistant made by xAI. You said: "what is a black hole?"',
            reasoning_content: 'The user asks something, so first I make sure what it is.',
            refusal: null,
          },
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: 10,
        completion_tokens: 30,
        total_tokens: 54,
        prompt_tokens_details: { text_tokens: 10, audio_tokens: 0, image_tokens: 0, cached_tokens: 0 },
        completion_tokens_details: expect.objectContaining({ reasoning_tokens: 14 }),
        num_sources_used: 0,
        cost_in_usd_ticks: 10 * 30_000 + 44 * 150_000,
      },
      system_fingerprint: expect.any(String),
    });
  });

  test('to a Chinese prompt is Chinese', async () => {
    const simulator = await startTestSimulator();
    const { text } = await simulator.chat('你好，请介绍一下你自己');
    expect(text).toContain('你好！我是 Grok（grok-4.3）');
    expect(text).toContain('「你好，请介绍一下你自己」');
  });

  test('takes its time: a think and a pace', async () => {
    const simulator = await startTestSimulator();
    const started = performance.now();
    await simulator.chat('tokens:20 pace:10 think:100');
    expect(performance.now() - started).toBeGreaterThanOrEqual(295);
  });

  test.each(['max_tokens', 'max_completion_tokens'])('is cut by %s', async (field) => {
    const simulator = await startTestSimulator();
    expect((await simulator.chat('tokens:10', { [field]: 3 })).json).toMatchObject({
      choices: [{ message: { content: 't0 t1 t2' }, finish_reason: 'length' }],
      usage: { completion_tokens: 3 },
    });
  });

  test('ends before a stop sequence', async () => {
    const simulator = await startTestSimulator();
    expect((await simulator.chat('tokens:10', { stop: ['t7', 't4'] })).json).toMatchObject({
      choices: [{ message: { content: 't0 t1 t2 t3' }, finish_reason: 'stop' }],
    });
  });

  test('comes n times, each one different', async () => {
    const simulator = await startTestSimulator();
    const { json } = await simulator.chat('hi', { n: 3 });
    expect(json).toMatchObject({
      choices: [
        { index: 0, message: { content: expect.stringMatching(/"hi"$/) } },
        { index: 1, message: { content: expect.stringMatching(/"hi"\n\(2\)$/) } },
        { index: 2, message: { content: expect.stringMatching(/"hi"\n\(3\)$/) } },
      ],
    });
  });

  test('has logprobs of each token when they are asked for', async () => {
    const simulator = await startTestSimulator();
    const { json } = await simulator.chat('tokens:2', { logprobs: true, top_logprobs: 3 });
    const token = (text: string) => ({ token: text, logprob: expect.any(Number), bytes: [...Buffer.from(text)] });
    expect(json).toMatchObject({
      choices: [
        {
          logprobs: {
            content: [
              { ...token('t0'), top_logprobs: [token('t0'), token(' the'), token(' a')] },
              { ...token(' t1'), top_logprobs: [token(' t1'), token(' the'), token(' a')] },
            ],
          },
        },
      ],
    });
  });
});

describe('reasoning', () => {
  test('grows with the effort and is absent with none', async () => {
    const simulator = await startTestSimulator();
    const lengths = [];
    for (const reasoning_effort of ['none', 'low', 'medium', 'high', 'xhigh']) {
      const { json } = await simulator.chat('hi', { model: 'grok-4.7', reasoning_effort });
      const { message } = parseOne(json);
      lengths.push(message.reasoning_content?.length ?? 0);
    }
    expect(lengths).toEqual([...new Set(lengths)].sort((a, b) => a - b));
    expect(lengths[0]).toBe(0);
  });

  test.each([
    ['grok-4.7', ['none', 'low', 'medium', 'high', 'xhigh']],
    ['grok-4.6', ['low', 'medium', 'high']],
    ['grok-4.5', ['low', 'high']],
    ['grok-4.3', []],
  ])('%s takes an effort of %s', async (model, taken) => {
    const simulator = await startTestSimulator();
    const good: string[] = [];
    for (const reasoning_effort of ['none', 'low', 'medium', 'high', 'xhigh']) {
      const { status } = await simulator.chat('hi', { model, reasoning_effort });
      if (status === 200) good.push(reasoning_effort);
      else expect(status).toBe(400);
    }
    expect(good).toEqual(taken);
  });

  test.each([{ stop: ['x'] }, { stop: [] }, { presence_penalty: 0 }, { frequency_penalty: 1 }])(
    'refuses %j',
    async (field) => {
      const simulator = await startTestSimulator();
      for (const model of ['grok-4.7', 'grok-4.6', 'grok-4.5']) {
        const answer = await simulator.chat('hi', { model, ...field });
        expect(answer.status).toBe(400);
        expect(answer.json).toEqual({
          code: 'invalid-argument',
          error: `Argument not supported on this model: ${Object.keys(field)[0]}`,
        });
      }
      expect((await simulator.chat('hi', field)).status).toBe(200);
    },
  );
});

describe('a request is refused', () => {
  test.each([
    [404, { model: 'grok-0' }, 'The model grok-0 does not exist'],
    [400, { model: 'grok-imagine-image' }, 'does not support chat'],
    [400, { messages: [{ role: 'developer', content: 'x' }] }, '`system`, `user`, `assistant` or `tool`'],
    [400, { messages: [] }, '`messages`'],
    [400, { messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] }, '`messages.0.content`'],
    [400, { messages: [{ role: 'user' }] }, '`messages.0.content`'],
    [400, { stop: 'x' }, '`stop`'],
    [400, { stop: ['1', '2', '3', '4', '5'] }, '`stop`'],
    [400, { logprobs: true, top_logprobs: 9 }, '`top_logprobs`'],
    [400, { top_logprobs: 1 }, '`logprobs` must be set'],
    [400, { logit_bias: {} }, 'logit_bias'],
    [410, { search_parameters: { mode: 'auto' } }, 'Live search is deprecated'],
    [400, { temperature: 3 }, '`temperature`'],
    [400, { n: 0 }, '`n`'],
    [400, { max_tokens: 0 }, '`max_tokens`'],
    [400, { reasoning_effort: 'minimal' }, '`reasoning_effort`'],
    [400, { response_format: { type: 'xml' } }, '`response_format'],
    [400, { tool_choice: 'required' }, 'no tools were specified'],
    [
      400,
      {
        tools: [{ type: 'function', function: { name: 'one' } }],
        tool_choice: { type: 'function', function: { name: 'two' } },
      },
      'not among the tools',
    ],
  ])('%i for %j', async (status, body, words) => {
    const simulator = await startTestSimulator();
    for (const stream of [false, true]) {
      const answer = await simulator.chat('hi', { stream, ...body });
      expect(answer.status).toBe(status);
      expect(answer.json).toEqual({ code: expect.any(String), error: expect.stringContaining(words) });
    }
  });

  test('but null counts as absent, and unknown fields are ignored', async () => {
    const simulator = await startTestSimulator();
    const answer = await simulator.chat('hi', {
      model: 'grok-4.7',
      stop: null,
      logit_bias: null,
      search_parameters: null,
      presence_penalty: null,
      tools: null,
      store: true,
    });
    expect(answer.status).toBe(200);
  });
});

test('moderation is a 403', async () => {
  const simulator = await startTestSimulator();
  const answer = await simulator.chat('moderated:chat', { stream: true });
  expect(answer.status).toBe(403);
  expect(answer.json).toEqual({
    code: 'permission-denied',
    error: expect.stringMatching(/^Content violates usage guidelines\. .*SAFETY_CHECK_TYPE_/),
  });
});

test.each([false, true])('error:200 is an error as JSON with stream %s', async (stream) => {
  const simulator = await startTestSimulator();
  const answer = await simulator.chat('error:200', { stream });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
  expect(answer.json).toEqual({ code: 'internal-error', error: expect.any(String) });
});

test('empty answers have no choices, or a choice without content', async () => {
  const simulator = await startTestSimulator();
  expect((await simulator.chat('empty:200')).json).toMatchObject({ choices: [] });
  expect((await simulator.chat('empty:content')).json).toMatchObject({ choices: [{ message: { content: '' } }] });
});

const completion = z.object({
  choices: z.array(z.object({ message: z.object({ reasoning_content: z.string().optional() }) })),
});

function parseOne(json: unknown) {
  const [choice] = completion.parse(json).choices;
  if (!choice) throw new Error('no choice');
  return choice;
}
