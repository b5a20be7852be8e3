import { CJK } from '../text/cjk.js';

const TOKEN = new RegExp(`\\s*(?:${CJK}|(?:(?!${CJK})[\\p{L}\\p{M}\\p{N}_])+|\\S)|\\s+`, 'gu');

/**
 * Splits a text into what the model says one after the other: words, single characters of Chinese, Japanese and Korean,
 * single punctuation marks, each with the white space before it. Together they are the text.
 */
export function splitTokens(text: string): string[] {
  return text.match(TOKEN) ?? [];
}
