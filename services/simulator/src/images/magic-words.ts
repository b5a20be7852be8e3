import { magicNumber } from '../text/magic-number.js';

/** What the magic words of a prompt ask for. */
export interface MagicWords {
  moderated: 'image' | 'partial' | undefined;
  /** What the answer has instead of pictures. */
  instead: 'nothing' | 'garbage' | undefined;
  /** The most pictures that come. */
  most: number;
  type: 'image/jpeg' | 'image/png';
  /** How long the call takes, in milliseconds. */
  ms: number | undefined;
}

/**
 * Words in a prompt that decide about the answer.
 *
 * | word                | answer |
 * |---------------------|--------|
 * | `moderated:image`   | 400 `imagine:content-moderated` |
 * | `moderated:partial` | the last picture is missing, with `respect_moderation: false` |
 * | `empty:image`       | the pictures' `b64_json` or `url` is empty |
 * | `garbage:image`     | the pictures' bytes are no picture |
 * | `fewer:N`           | N pictures come, when more were asked for |
 * | `png:`              | the pictures are PNG, not JPEG |
 * | `slow:MS`           | the call takes this long |
 */
export function readMagicWords(prompt: string): MagicWords {
  const has = (word: string) => prompt.includes(word);
  const moderated = has('moderated:partial') ? 'partial' : undefined;
  const instead = has('garbage:image') ? 'garbage' : undefined;
  return {
    moderated: has('moderated:image') ? 'image' : moderated,
    instead: has('empty:image') ? 'nothing' : instead,
    most: magicNumber(prompt, 'fewer') ?? Number.POSITIVE_INFINITY,
    type: has('png:') ? 'image/png' : 'image/jpeg',
    ms: magicNumber(prompt, 'slow'),
  };
}
