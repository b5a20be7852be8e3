const segmenter = new Intl.Segmenter('en', { granularity: 'word' });
const MAX_TEXT = 10_000;
const MAGIC_WORD = /[a-z]+(?:-[a-z]+)?:\w+/g;

/** The words of a prompt, without the magic ones. Never empty. */
export function wordsOf(prompt: string): string[] {
  const segments = [...segmenter.segment(prompt.slice(0, MAX_TEXT).replaceAll(MAGIC_WORD, ' '))];
  const words = segments.filter(({ isWordLike }) => isWordLike).map(({ segment }) => segment);
  return words.length === 0 ? ['word'] : words;
}
