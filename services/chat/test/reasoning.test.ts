import { REASONING_EFFORTS } from '@grok2api/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { effortFor, reasoningView } from '../src/reasoning.js';

const chat = (...efforts: (typeof REASONING_EFFORTS)[number][]) => ({ chat: { efforts, refuses: [] } });

describe('effortFor', () => {
  it.each([
    ['high', undefined, ['low', 'medium', 'high'], 'high'],
    ['minimal', undefined, ['none', 'low'], 'low'],
    ['none', undefined, ['low', 'high'], 'low'],
    ['xhigh', undefined, ['low', 'high'], 'high'],
    ['medium', undefined, ['low', 'high'], 'high'],
    [undefined, 'disabled', ['none', 'low'], 'none'],
    [undefined, 'disabled', ['low', 'high'], 'low'],
    ['high', 'disabled', ['none', 'low', 'high'], 'high'],
    [undefined, 'enabled', ['none', 'low'], undefined],
    ['high', undefined, [], undefined],
  ] as const)(
    'asks for %s, thinking %s, of a model that takes %j by %s',
    (reasoning_effort, thinking, efforts, sent) => {
      expect(effortFor({ reasoning_effort, thinking }, chat(...efforts))).toBe(sent);
    },
  );

  it('never asks for an effort that the model does not take', () => {
    const efforts = fc.subarray([...REASONING_EFFORTS]);
    fc.assert(
      fc.property(fc.constantFrom(...REASONING_EFFORTS), efforts, (reasoning_effort, taken) => {
        const sent = effortFor({ reasoning_effort, thinking: null }, chat(...taken));
        if (taken.length === 0) expect(sent).toBeUndefined();
        else expect(taken).toContain(sent);
      }),
    );
  });

  it('sends a model that nobody knows what the client asks for', () => {
    expect(effortFor({ reasoning_effort: 'xhigh', thinking: null }, {})).toBe('xhigh');
    expect(effortFor({ reasoning_effort: null, thinking: 'disabled' }, {})).toBeUndefined();
  });
});

it('hides reasoning only where thinking is disabled', () => {
  expect(reasoningView({ thinking: 'disabled' }, 'think-tags')).toBe('hidden');
  expect(reasoningView({ thinking: 'enabled' }, 'think-tags')).toBe('think-tags');
  expect(reasoningView({ thinking: null }, 'reasoning_content')).toBe('reasoning_content');
});
