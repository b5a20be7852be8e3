import type { ChatDelta, ChatEvent } from '@grok2api/grok-upstream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReasoningView } from '../src/reasoning.js';
import { StreamedReply } from '../src/streamed-reply.js';

const frame = { id: 'chatcmpl-1', created: 1_795_000_000, model: 'grok-2' };
const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };

interface Chunk {
  id: string;
  object: string;
  created: number;
  model: string;
  choices: { index: number; delta: Record<string, unknown>; finish_reason: string | null }[];
  usage?: object | null;
}

function write(events: ChatEvent[], reasoning: ReasoningView = 'reasoning_content', includeUsage = false) {
  const reply = new StreamedReply({ frame, systemFingerprint: undefined, reasoning, includeUsage });
  const text = events.map((event) => reply.write(event)).join('') + reply.end();
  const lines = text.split('\n\n').slice(0, -1);
  expect(lines.at(-1)).toBe('data: [DONE]');
  return lines.slice(0, -1).map((line) => JSON.parse(line.replace(/^data: /, '')) as Chunk);
}

const deltas = (delta: ChatDelta['delta'], finish_reason: string | null = null, index = 0): ChatEvent => ({
  type: 'deltas',
  choices: [{ index, delta, finish_reason }],
});

describe('StreamedReply', () => {
  it('begins each choice with its role and says when it ends', () => {
    const a = deltas({ content: 'a' });
    const b = deltas({ content: 'b' }, null, 1);
    const chunks = write([a, b, deltas({}, 'stop'), deltas({}, 'stop', 1)]);
    expect(chunks.map(({ choices }) => choices)).toEqual([
      [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }],
      [{ index: 0, delta: { content: 'a' }, finish_reason: null }],
      [{ index: 1, delta: { role: 'assistant', content: '' }, finish_reason: null }],
      [{ index: 1, delta: { content: 'b' }, finish_reason: null }],
      [{ index: 0, delta: {}, finish_reason: 'stop' }],
      [{ index: 1, delta: {}, finish_reason: 'stop' }],
    ]);
    for (const chunk of chunks) {
      expect(chunk).toMatchObject({ ...frame, object: 'chat.completion.chunk' });
      expect(chunk).not.toHaveProperty('usage');
    }
  });

  it('tells the usage only when asked, after everything else', () => {
    const events: ChatEvent[] = [deltas({ content: 'a' }), { type: 'usage', usage }, deltas({}, 'stop')];
    expect(write(events).every((chunk) => !('usage' in chunk))).toBe(true);
    const chunks = write(events, 'reasoning_content', true);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage });
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
  });

  it('hides reasoning, but not the end that comes with it', () => {
    const chunks = write(
      [deltas({ reasoning_content: 'hm' }), deltas({ reasoning_content: 'so' }, 'length')],
      'hidden',
    );
    expect(chunks.flatMap(({ choices }) => choices)).toEqual([
      { index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null },
      { index: 0, delta: {}, finish_reason: 'length' },
    ]);
  });

  it('puts reasoning between tags', () => {
    const content = (...events: ChatEvent[]) =>
      write(events, 'think-tags')
        .map(({ choices }) => choices[0]?.delta.content ?? '')
        .join('');
    const [a, b, c] = [
      deltas({ reasoning_content: 'a' }),
      deltas({ reasoning_content: 'b' }),
      deltas({ content: 'c' }),
    ];
    const tool = { id: '1', type: 'function' as const, index: 0, function: { name: 'f', arguments: '{}' } };
    expect(content(a, b, c, deltas({}, 'stop'))).toBe('<think>\nab\n</think>\n\nc');
    expect(content(a, deltas({}, 'length'))).toBe('<think>\na\n</think>\n\n');
    expect(content(c, deltas({}, 'stop'))).toBe('c');
    expect(content(a, deltas({ tool_calls: [tool] }, 'tool_calls'))).toBe('<think>\na\n</think>\n\n');
  });

  it('loses, merges and reorders nothing', () => {
    const event = fc.record({ index: fc.nat(2), content: fc.string({ minLength: 1, unit: 'binary' }) });
    fc.assert(
      fc.property(fc.array(event), (given) => {
        const chunks = write(given.map(({ index, content }) => deltas({ content }, null, index)));
        const shown = chunks
          .flatMap(({ choices }) => choices)
          .filter(({ delta }) => !('role' in delta))
          .map(({ index, delta }) => ({ index, content: delta.content }));
        expect(shown).toEqual(given);
      }),
    );
  });
});
