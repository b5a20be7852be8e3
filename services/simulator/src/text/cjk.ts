/** A character class, for patterns with the flag `u`, of Chinese, Japanese and Korean characters and their punctuation. */
export const CJK =
  '[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\u3000-\u303f\uff00-\uffef]';
