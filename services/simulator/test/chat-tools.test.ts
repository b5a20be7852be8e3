import { describe, expect, test } from 'vitest';
import { startTestSimulator } from './harness.js';

const WEATHER = {
  type: 'function',
  function: {
    name: 'get_weather',
    parameters: {
      type: 'object',
      properties: {
        city: { type: 'string' },
        unit: { type: 'string', enum: ['celsius', 'fahrenheit'] },
        days: { type: 'integer', minimum: 1, maximum: 7 },
      },
      required: ['city', 'unit'],
    },
  },
};
const TIME = { type: 'function', function: { name: 'get_time' } };
const TOOLS = [WEATHER, TIME];
const PROMPT = 'What is the weather in Paris?';

const call = (name: string, args: string) => ({
  id: expect.stringMatching(/^call_.+/),
  type: 'function',
  function: { name, arguments: args },
});
const weatherCall = call('get_weather', '{"city":"Paris","unit":"celsius","days":1}');

describe('tools', () => {
  test('are called when a user spoke last: the first one, with arguments that fit', async () => {
    const simulator = await startTestSimulator();
    expect((await simulator.chat(PROMPT, { tools: TOOLS })).json).toMatchObject({
      choices: [
        { message: { role: 'assistant', content: '', tool_calls: [weatherCall] }, finish_reason: 'tool_calls' },
      ],
    });
  });

  test('come whole in one delta of a stream', async () => {
    const simulator = await startTestSimulator();
    const { choices } = await simulator.streamChat(`${PROMPT} calls:3`, { tools: TOOLS });
    expect(choices).toEqual([
      {
        index: 0,
        delta: {
          role: 'assistant',
          tool_calls: [
            { index: 0, ...weatherCall },
            { index: 1, ...call('get_time', '{}') },
            { index: 2, ...call('get_weather', '{"city":"weather","unit":"celsius","days":1}') },
          ],
        },
      },
      { index: 0, delta: {}, finish_reason: 'tool_calls' },
    ]);
  });

  test('come after the reasoning', async () => {
    const simulator = await startTestSimulator();
    const { deltas } = await simulator.streamChat(PROMPT, { tools: TOOLS, model: 'grok-4.6' });
    expect(deltas[0]).toMatchObject({ role: 'assistant', reasoning_content: 'The' });
    expect(deltas.at(-2)).toEqual({ tool_calls: [{ index: 0, ...weatherCall }] });
  });

  test('are called one at a time without parallel calls', async () => {
    const simulator = await startTestSimulator();
    const { json } = await simulator.chat(`${PROMPT} calls:3`, { tools: TOOLS, parallel_tool_calls: false });
    expect(json).toMatchObject({ choices: [{ message: { tool_calls: [weatherCall] } }] });
  });

  test('are chosen by tool_choice', async () => {
    const simulator = await startTestSimulator();
    const answered = async (tool_choice: unknown) => (await simulator.chat(PROMPT, { tools: TOOLS, tool_choice })).json;
    expect(await answered({ type: 'function', function: { name: 'get_time' } })).toMatchObject({
      choices: [{ message: { tool_calls: [call('get_time', '{}')] } }],
    });
    expect(await answered('required')).toMatchObject({ choices: [{ finish_reason: 'tool_calls' }] });
    expect(await answered('none')).toMatchObject({ choices: [{ finish_reason: 'stop' }] });
  });

  test('get an answer that contains their results', async () => {
    const simulator = await startTestSimulator();
    const messages = [
      { role: 'user', content: PROMPT },
      {
        role: 'assistant',
        content: null,
        tool_calls: ['1', '2'].map((id) => ({
          id,
          type: 'function',
          function: { name: 'get_weather', arguments: '{}' },
        })),
      },
      { role: 'tool', tool_call_id: '1', content: '21 degrees' },
      { role: 'tool', tool_call_id: '2', content: [{ type: 'text', text: 'no rain' }] },
    ];
    expect((await simulator.chat('', { tools: TOOLS, messages })).json).toMatchObject({
      choices: [
        {
          message: {
            content: expect.stringMatching(/Paris.*\nThe tool returned: 21 degrees\nThe tool returned: no rain$/),
          },
          finish_reason: 'stop',
        },
      ],
    });
    const required = await simulator.chat('', { tools: TOOLS, messages, tool_choice: 'required' });
    expect(required.json).toMatchObject({ choices: [{ finish_reason: 'tool_calls' }] });
  });
});

describe('response_format', () => {
  test('json_schema gets JSON that fits, token by token too', async () => {
    const simulator = await startTestSimulator();
    const response_format = {
      type: 'json_schema',
      json_schema: { name: 'weather', strict: true, schema: WEATHER.function.parameters },
    };
    const expected = '{"city":"Paris","unit":"celsius","days":1}';
    expect((await simulator.chat(PROMPT, { response_format })).json).toMatchObject({
      choices: [{ message: { content: expected }, finish_reason: 'stop' }],
    });
    const { deltas } = await simulator.streamChat(PROMPT, { response_format });
    expect(deltas.length).toBeGreaterThan(10);
    expect(deltas.map(({ content }) => content ?? '').join('')).toBe(expected);
  });

  test('json_object gets an object', async () => {
    const simulator = await startTestSimulator();
    const { json } = await simulator.chat('hi', { response_format: { type: 'json_object' } });
    expect(json).toMatchObject({
      choices: [{ message: { content: expect.stringMatching(/^\{"answer":".*hi.*"\}$/) } }],
    });
  });
});
