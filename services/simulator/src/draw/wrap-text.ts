import { CJK } from '../text/cjk.js';

// Punctuation that must not begin a line stays with the character before it.
const CLOSING = '[\u3001\u3002\uff0c\uff01\uff1f\uff1a\uff1b\uff09\u300b\u300d\u300f\u3011]*';
const TOKEN = new RegExp(`${CJK}${CLOSING}|(?:(?!${CJK})\\S)+|\\s+`, 'gu');

/**
 * Breaks a text into lines. Latin breaks between words, Chinese, Japanese and Korean between any two characters; a word
 * wider than a line breaks anywhere. White space shrinks to one space and is left out at the ends of lines.
 * @param measure the width of a text, in the unit of `maxWidth`
 */
export function wrapText(text: string, maxWidth: number, measure: (text: string) => number): string[] {
  const lines: string[] = [];
  let line = '';
  const place = (piece: string) => {
    if (line !== '' && measure(line + piece) > maxWidth) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += piece;
  };
  for (const [token] of text.matchAll(TOKEN)) {
    if (token.trim() === '') line += line === '' || line.endsWith(' ') ? '' : ' ';
    else if (measure(token) <= maxWidth) place(token);
    else for (const character of token) place(character);
  }
  if (line.trim() !== '') lines.push(line.trimEnd());
  return lines;
}
