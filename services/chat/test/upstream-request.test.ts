import type { ChatRequest, Model } from '@grok2api/contracts';
import { describe, expect, it } from 'vitest';
import { toUpstreamRequest } from '../src/upstream-request.js';

const reasoning: Model = {
  id: 'grok-2',
  kind: 'chat',
  upstream: 'grok-4.7',
  created: 0,
  chat: { efforts: ['low'], refuses: ['stop', 'presence_penalty', 'frequency_penalty'] },
};
const plain: Model = { ...reasoning, upstream: 'grok-4.3', chat: { efforts: [], refuses: [] } };
const hello: ChatRequest['messages'] = [{ role: 'user', content: 'hello' }];
const map = (request: Partial<ChatRequest>) =>
  toUpstreamRequest(
    { owner: 'eve', model: plain, messages: hello, ...request },
    async (picture) => `url of ${JSON.stringify(picture)}`,
  );

describe('toUpstreamRequest', () => {
  it('sends a plain request as it is', async () => {
    expect(await map({})).toEqual({ model: 'grok-4.3', messages: hello });
    const options = { temperature: 0, n: 2, seed: -1, user: 'u', logprobs: false };
    const sent = { ...options, topP: 0.5, parallelToolCalls: false };
    expect(await map({ ...options, top_p: 0.5, parallel_tool_calls: false })).toEqual({
      model: 'grok-4.3',
      messages: hello,
      ...sent,
    });
  });

  it('makes a list of one stop, and none of an empty one', async () => {
    expect((await map({ stop: 'END' })).stop).toEqual(['END']);
    expect((await map({ stop: ['a', 'b'] })).stop).toEqual(['a', 'b']);
    expect(await map({ stop: [] })).not.toHaveProperty('stop');
  });

  it('leaves out what the model refuses', async () => {
    const asked = { stop: 'END', presence_penalty: 1, frequency_penalty: 1 };
    expect(await map({ model: reasoning, ...asked })).toEqual({ model: 'grok-4.7', messages: hello });
    expect(await map(asked)).toMatchObject({ stop: ['END'], presencePenalty: 1, frequencyPenalty: 1 });
    expect(await map({ reasoning_effort: 'high' })).not.toHaveProperty('reasoningEffort');
    expect((await map({ model: reasoning, reasoning_effort: 'high' })).reasoningEffort).toBe('low');
    expect((await map({ top_logprobs: 20 })).topLogprobs).toBe(8);
  });

  it('prefers the newer name of the bound', async () => {
    expect((await map({ max_tokens: 5 })).maxTokens).toBe(5);
    expect((await map({ max_tokens: 5, max_completion_tokens: 7 })).maxTokens).toBe(7);
  });

  it('maps messages: developer is system, parts are texts, pictures have the URL that the upstream gets', async () => {
    const text = (words: string) => ({ type: 'text' as const, text: words });
    const picture = { type: 'image_url' as const, picture: { media: 'm' }, detail: 'low' as const };
    const call = { id: '1', type: 'function' as const, function: { name: 'f', arguments: '{}' } };
    const { messages } = await map({
      messages: [
        { role: 'developer', content: [text('a'), text('b')] },
        { role: 'user', name: 'eve', content: [text('see'), picture] },
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: '1', content: [text('done')] },
        { role: 'assistant', content: null, refusal: 'no' },
      ],
    });
    expect(messages).toEqual([
      { role: 'system', content: 'a\nb' },
      {
        role: 'user',
        name: 'eve',
        content: [text('see'), { type: 'image', url: 'url of {"media":"m"}', detail: 'low' }],
      },
      { role: 'assistant', content: null, toolCalls: [{ id: '1', name: 'f', arguments: '{}' }] },
      { role: 'tool', toolCallId: '1', content: 'done' },
      { role: 'assistant', content: 'no' },
    ]);
  });

  it('maps tools and formats', async () => {
    const described = { name: 'f', description: null, parameters: { type: 'object' }, strict: true };
    const tools = [{ type: 'function' as const, function: described }];
    expect(await map({ tools, tool_choice: { type: 'function', function: { name: 'f' } } })).toMatchObject({
      tools: [{ name: 'f', parameters: { type: 'object' }, strict: true }],
      toolChoice: { name: 'f' },
    });
    expect((await map({ tool_choice: 'required' })).toolChoice).toBe('required');
    expect((await map({ response_format: { type: 'json_object' } })).responseFormat).toEqual({ type: 'json_object' });
    const schema = { name: 's', schema: { type: 'object' }, strict: true };
    expect((await map({ response_format: { type: 'json_schema', json_schema: schema } })).responseFormat).toEqual({
      type: 'json_schema',
      jsonSchema: schema,
    });
  });
});
