import { expect, it } from 'vitest';
import { en } from '../src/i18n/en.js';
import { zh } from '../src/i18n/zh.js';

/** The keys of a dictionary, with what each leads to. */
function shape(words: object, path = ''): string[] {
  return Object.entries(words).flatMap(([key, value]: [string, unknown]) => {
    const place = `${path}${key}`;
    if (typeof value === 'object' && value !== null) return shape(value, `${place}.`);
    if (typeof value === 'string') return value.trim() === '' ? `${place} is empty` : place;
    return `${place}()`;
  });
}

it('has the same texts in both languages, none of them empty', () => {
  expect(shape(zh).toSorted()).toEqual(shape(en).toSorted());
  expect(shape(en).filter((place) => place.endsWith('is empty'))).toEqual([]);
});
