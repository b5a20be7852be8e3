import { magicNumber } from '../text/magic-number.js';

const MAX_TOKENS = 100_000;
const MAX_CALLS = 128;

/** What the magic words of a prompt ask for. Times are milliseconds. */
export interface MagicWords {
  /** Another answer than the model's. */
  instead: 'moderation' | 'error' | 'no_choices' | 'no_content' | undefined;
  /** How a stream ends, after so many chunks. */
  end: { kind: 'cut' | 'stall' | 'error'; after: number } | undefined;
  tokens: number | undefined;
  calls: number | undefined;
  paceMs: number | undefined;
  thinkMs: number;
}

/**
 * Words in the last user message that decide about the answer.
 *
 * | word            | answer |
 * |-----------------|--------|
 * | `tokens:N`      | the content is exactly N tokens, `t0 t1 t2 …` (at most 100,000) |
 * | `calls:N`       | N tools are called at once, where tools are called (at most 128) |
 * | `pace:MS`       | the time between two tokens of this answer |
 * | `think:MS`      | silence before the first token |
 * | `moderated:chat`| 403 as of moderation |
 * | `error:200`     | 200 with an error as JSON, also when a stream was asked for |
 * | `empty:200`     | 200 without choices; streamed: nothing but `[DONE]` |
 * | `empty:content` | 200 with a choice whose content is empty |
 * | `cut:N`         | streamed: the connection is destroyed after N chunks, reasoning included |
 * | `stall:N`       | streamed: nothing more comes after N chunks, the connection stays open |
 * | `error-chunk:N` | streamed: an error comes after N chunks, and the stream closes without `[DONE]` |
 */
export function readMagicWords(prompt: string): MagicWords {
  const number = (word: string) => magicNumber(prompt, word);
  return {
    instead: INSTEAD.find(([word]) => prompt.includes(word))?.[1],
    end: endOf(number),
    tokens: atMost(number('tokens'), MAX_TOKENS),
    calls: atMost(number('calls'), MAX_CALLS),
    paceMs: number('pace'),
    thinkMs: number('think') ?? 0,
  };
}

const INSTEAD = [
  ['moderated:chat', 'moderation'],
  ['error:200', 'error'],
  ['empty:200', 'no_choices'],
  ['empty:content', 'no_content'],
] as const;

function endOf(number: (word: string) => number | undefined): MagicWords['end'] {
  for (const [word, kind] of [
    ['cut', 'cut'],
    ['stall', 'stall'],
    ['error-chunk', 'error'],
  ] as const) {
    const after = number(word);
    if (after !== undefined) return { kind, after };
  }
  return undefined;
}

function atMost(value: number | undefined, most: number): number | undefined {
  return value === undefined ? undefined : Math.min(value, most);
}
