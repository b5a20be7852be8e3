import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wrapText } from '../src/draw/wrap-text.js';

const measure = (text: string) => [...text].length;

test.each([
  ['a quick brown fox', 8, ['a quick', 'brown', 'fox']],
  ['一只猫在月光下跳舞', 4, ['一只猫在', '月光下跳', '舞']],
  ['一只猫，在跳舞。', 3, ['一只', '猫，在', '跳舞。']],
  ['incomprehensible', 6, ['incomp', 'rehens', 'ible']],
  ['a  b\n\nc', 10, ['a b c']],
  ['   ', 10, []],
])('%j in %i', (text, width, lines) => {
  expect(wrapText(text, width, measure)).toEqual(lines);
});

test('nothing is lost and no line is too wide', () => {
  const text = fc
    .array(fc.constantFrom('cat', 'moonlight', ' ', '\n', '猫', '，', '。', '🎬', 'é'))
    .map((a) => a.join(''));
  fc.assert(
    fc.property(text, fc.integer({ min: 4, max: 20 }), (prompt, width) => {
      const lines = wrapText(prompt, width, measure);
      expect(lines.join('').replace(/\s/g, '')).toBe(prompt.replace(/\s/g, ''));
      for (const line of lines) {
        expect(line.trim()).toBe(line);
        expect(measure(line)).toBeLessThanOrEqual(width);
      }
    }),
  );
});
