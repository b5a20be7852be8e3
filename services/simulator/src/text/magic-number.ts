/** The number of a magic word in a prompt: 3 for the word `tokens` in `tokens:3`. Undefined when it is not there. */
export function magicNumber(prompt: string, word: string): number | undefined {
  const digits = new RegExp(`(?<![\\w-])${word}:(\\d{1,9})(?!\\d)`).exec(prompt)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
