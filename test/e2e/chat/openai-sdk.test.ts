import { TestSystem } from '@grok2api/testkit';
import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { picture } from '../support/picture.js';

const KEY = 'alice-secret-0001';
let system: TestSystem;
let openai: OpenAI;

beforeAll(async () => {
  system = await TestSystem.start({ env: { API_KEYS: `alice:${KEY}`, SIMULATOR_TOKEN_MS: '2' } });
  openai = new OpenAI({ baseURL: `${system.baseUrl}/v1`, apiKey: KEY, maxRetries: 0 });
});
afterEach(() => system.simulator.clearFaults());
afterAll(async () => {
  await system?.stop();
});

const ask = (content: string) => ({ model: 'grok-2', messages: [{ role: 'user' as const, content }] });

describe('the openai package', () => {
  it('creates a completion', async () => {
    const completion = await openai.chat.completions.create(ask('你好，请介绍一下你自己'));
    expect(completion).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-/),
      object: 'chat.completion',
      model: 'grok-2',
      choices: [
        {
          index: 0,
          finish_reason: 'stop',
          message: { role: 'assistant', content: expect.stringContaining('Grok'), refusal: null },
        },
      ],
    });
    expect(Math.abs(completion.created - Date.now() / 1000)).toBeLessThan(60);
    const { usage } = completion;
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
    expect(usage?.completion_tokens).toBeGreaterThan(usage?.completion_tokens_details?.reasoning_tokens ?? 0);
    expect(completion._request_id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('streams chunks: the role first, one id, the reason last, the usage when asked for', async () => {
    const stream = await openai.chat.completions.create({
      ...ask('tokens:20'),
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: 'assistant', content: '' });
    expect(new Set(chunks.map(({ id, created, model }) => `${id} ${created} ${model}`)).size).toBe(1);
    const content = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
    expect(content.trim().split(' ')).toEqual(Array.from({ length: 20 }, (_, n) => `t${n}`));
    const reasons = chunks.flatMap(({ choices }) => choices.map(({ finish_reason }) => finish_reason));
    expect(reasons.slice(0, -1).every((reason) => reason === null)).toBe(true);
    expect(reasons.at(-1)).toBe('stop');
    const last = chunks.at(-1);
    expect(last?.choices).toEqual([]);
    expect(last?.usage?.completion_tokens).toBeGreaterThanOrEqual(20);
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
  });

  it('streams without usage unless it is asked for', async () => {
    const stream = await openai.chat.completions.create({ ...ask('tokens:3'), stream: true });
    for await (const chunk of stream) {
      expect(chunk.choices).toHaveLength(1);
      expect(chunk).not.toHaveProperty('usage');
    }
  });

  it("raises the stream helper's events", async () => {
    const runner = openai.chat.completions.stream(ask('tokens:10'));
    const deltas: string[] = [];
    const seen: string[] = [];
    runner.on('content.delta', ({ delta }) => deltas.push(delta));
    runner.on('content.done', () => seen.push('content.done'));
    runner.on('end', () => seen.push('end'));
    const final = await runner.finalChatCompletion();
    expect(deltas.join('')).toBe(final.choices[0]?.message.content);
    expect(await runner.finalContent()).toContain('t9');
    await runner.done();
    expect(seen).toEqual(['content.done', 'end']);
  });

  it('runs tools over two rounds', async () => {
    const cities: string[] = [];
    const runner = openai.chat.completions.runTools({
      ...ask('What is the weather in Paris?'),
      stream: true,
      tools: [
        {
          type: 'function',
          function: {
            name: 'weather',
            description: 'The weather of a city',
            parameters: {
              type: 'object',
              properties: { city: { type: 'string' } },
              required: ['city'],
              additionalProperties: false,
            },
            parse: (text: string) => z.object({ city: z.string() }).parse(JSON.parse(text)),
            function: ({ city }: { city: string }) => {
              cities.push(city);
              return 'seventeen degrees and windy';
            },
          },
        },
      ],
    });
    expect(await runner.finalContent()).toContain('seventeen degrees and windy');
    expect(cities).toHaveLength(1);
    expect(runner.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant']);
    expect((await runner.finalChatCompletion()).choices[0]?.finish_reason).toBe('stop');
  });

  it('parses structured output', async () => {
    const schema = z.object({ name: z.string(), age: z.number(), colours: z.array(z.enum(['red', 'blue'])) });
    const completion = await openai.chat.completions.parse({
      ...ask('Describe a person'),
      response_format: zodResponseFormat(schema, 'person'),
    });
    expect(schema.parse(completion.choices[0]?.message.parsed)).toBeTruthy();
  });

  it('shows pictures to the model', async () => {
    const completion = await openai.chat.completions.create({
      model: 'grok-2',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: await picture({ width: 64, height: 48, color: '#ff0000' }) } },
          ],
        },
      ],
    });
    expect(completion.choices[0]?.message.content).toContain('64×48, #ff0000 red');
  });

  it('aborts by an AbortController', async () => {
    const controller = new AbortController();
    const stream = await openai.chat.completions.create(
      { ...ask('tokens:2000 pace:20'), stream: true },
      { signal: controller.signal },
    );
    let chunks = 0;
    for await (const _ of stream) if (++chunks === 3) controller.abort();
    expect(chunks).toBeLessThan(20);
    const begun = Date.now();
    await expect
      .poll(async () => (await system.simulator.log({ path: '/v1/chat/completions' })).at(-1)?.ended, {
        timeout: 2_000,
      })
      .toBe('client_closed');
    expect(Date.now() - begun).toBeLessThan(1_500);
  });

  it('raises its own classes of errors, with the id of the request', async () => {
    const error = async (promise: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> => {
      const err = await promise.then(() => undefined).catch((thrown: unknown) => thrown);
      if (!(err instanceof OpenAI.APIError)) throw new Error('no API error', { cause: err });
      expect(err.requestID).toBeTruthy();
      return err;
    };
    const bad = await error(openai.chat.completions.create({ ...ask('hi'), temperature: 9 }));
    expect(bad).toBeInstanceOf(OpenAI.BadRequestError);
    expect(bad).toMatchObject({ param: 'temperature', code: 'invalid_value', type: 'invalid_request_error' });

    const stranger = new OpenAI({ baseURL: `${system.baseUrl}/v1`, apiKey: 'wrong-key', maxRetries: 0 });
    expect(await error(stranger.chat.completions.create(ask('hi')))).toBeInstanceOf(OpenAI.AuthenticationError);

    const missing = await error(openai.chat.completions.create({ ...ask('hi'), model: 'invalid-model' }));
    expect(missing).toBeInstanceOf(OpenAI.NotFoundError);
    expect(missing).toMatchObject({ code: 'model_not_found', param: 'model' });
    expect(missing.message).toContain('The model `invalid-model` does not exist or you do not have access to it.');

    await system.simulator.addFault({
      match: { path: '/v1/chat/completions', model: 'grok-4.3' },
      times: null,
      fault: {
        status: 429,
        headers: { 'retry-after': '7' },
        body: { code: 'resource-exhausted', error: 'Too many requests' },
      },
    });
    const limited = await error(openai.chat.completions.create({ ...ask('hi'), model: 'grok-4.3' }));
    expect(limited).toBeInstanceOf(OpenAI.RateLimitError);
    expect(limited.message).toContain('No available tokens. Please try again later.');
    expect(Number(limited.headers?.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(limited.headers?.get('retry-after'))).toBeLessThanOrEqual(7);
  });

  it('lists models and reads one', async () => {
    const ids: string[] = [];
    for await (const { id } of openai.models.list()) ids.push(id);
    expect(ids).toEqual(expect.arrayContaining(['grok-2', 'grok-imagine-1.0', 'grok-imagine-1.0-video', 'grok-4.7']));
    expect(await openai.models.retrieve('grok-2')).toMatchObject({ id: 'grok-2', object: 'model', kind: 'chat' });
    await expect(openai.models.retrieve('nobody')).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });
});
