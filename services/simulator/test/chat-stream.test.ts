import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitTokens } from '../src/chat/tokens.js';
import { startTestSimulator } from './harness.js';

test('tokens are words or single Chinese characters, and together the text', () => {
  expect(splitTokens('Hello, wide  world 你好。\n')).toEqual([
    'Hello',
    ',',
    ' wide',
    '  world',
    ' 你',
    '好',
    '。',
    '\n',
  ]);
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => splitTokens(text).join('') === text));
});

describe('a stream', () => {
  test('comes token by token, with every quirk', async () => {
    const simulator = await startTestSimulator();
    const { status, headers, chunks, choices, deltas, last } = await simulator.streamChat('tokens:5');
    expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    expect(deltas).toEqual([
      { role: 'assistant', content: 't0' },
      { content: ' t1' },
      { content: ' t2' },
      { content: ' t3' },
      { content: ' t4' },
      {},
    ]);
    expect(choices.map(({ finish_reason }) => finish_reason)).toEqual([...Array(5).fill(undefined), 'stop']);
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    for (const [index, chunk] of chunks.entries()) expect(chunk.created).not.toBe(chunks[index - 1]?.created);
    expect(chunks.filter(({ usage }) => usage !== undefined)).toEqual([chunks.at(-1)]);
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { completion_tokens: 5, completion_tokens_details: { reasoning_tokens: 0 } },
    });
    expect(last).toBe('[DONE]');
    expect(await simulator.log()).toMatchObject([{ ended: 'complete', frames: 8, status: 200 }]);
  });

  test('says the same as an answer in one piece', async () => {
    const simulator = await startTestSimulator();
    const body = { model: 'grok-4.7', n: 2, reasoning_effort: 'high' };
    const { choices, chunks } = await simulator.streamChat('一只猫 on the moon', body);
    const said = [0, 1].map((index) => {
      const deltas = choices.filter((choice) => choice.index === index).map(({ delta }) => delta);
      return {
        content: deltas.map(({ content }) => content ?? '').join(''),
        reasoning_content: deltas.map(({ reasoning_content }) => reasoning_content ?? '').join(''),
      };
    });
    const whole = await simulator.chat('一只猫 on the moon', body);
    expect(whole.json).toMatchObject({ choices: said.map((message) => ({ message })), usage: chunks.at(-1)?.usage });
  });

  test('reasons first, and the role comes with the first of it', async () => {
    const simulator = await startTestSimulator();
    const { deltas } = await simulator.streamChat('tokens:2', { model: 'grok-4.7' });
    expect(deltas[0]).toEqual({ role: 'assistant', reasoning_content: 'The' });
    const kinds = deltas.map((delta) => Object.keys(delta).at(-1));
    expect(kinds.filter((kind, index) => kind !== kinds[index - 1])).toEqual([
      'reasoning_content',
      'content',
      undefined,
    ]);
  });

  test('mixes its choices', async () => {
    const simulator = await startTestSimulator();
    const { choices } = await simulator.streamChat('tokens:2', { n: 2 });
    expect(choices.map(({ index, delta }) => [index, delta.content])).toEqual([
      [0, 't0'],
      [1, 't0'],
      [0, ' t1'],
      [1, ' t1'],
      [0, undefined],
      [1, undefined],
    ]);
  });

  test('has the logprobs of its tokens', async () => {
    const simulator = await startTestSimulator();
    const { choices } = await simulator.streamChat('tokens:1', { logprobs: true });
    expect(choices).toMatchObject([{ logprobs: { content: [{ token: 't0', top_logprobs: [] }] } }, { delta: {} }]);
  });

  test('keeps its pace', async () => {
    const simulator = await startTestSimulator({ SIMULATOR_TOKEN_MS: '30' });
    const started = performance.now();
    await simulator.streamChat('tokens:31');
    const usual = performance.now() - started;
    expect(usual).toBeGreaterThanOrEqual(895);
    await simulator.streamChat('tokens:31 pace:0');
    expect(performance.now() - started - usual).toBeLessThan(800);
  });

  test('is silent after its head while the model thinks', async () => {
    const simulator = await startTestSimulator();
    const started = performance.now();
    const response = await simulator.openStream('think:1000 tokens:1');
    expect(performance.now() - started).toBeLessThan(900);
    await response.text();
    expect(performance.now() - started).toBeGreaterThanOrEqual(995);
  });

  test('that is empty has nothing but its end, or an end without content', async () => {
    const simulator = await startTestSimulator();
    expect((await simulator.streamChat('empty:200')).text).toBe('data: [DONE]\n\n');
    const { choices, last } = await simulator.streamChat('empty:content');
    expect(choices).toEqual([{ index: 0, delta: { role: 'assistant' }, finish_reason: 'stop' }]);
    expect(last).toBe('[DONE]');
  });
});
