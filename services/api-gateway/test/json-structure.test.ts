import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prototypeFault, structureFault } from '../src/body/json-structure.js';

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

describe('the structure of a JSON text', () => {
  it('is nested a hundred levels deep at most, however it is cut off', () => {
    expect(structureFault(Buffer.from(nested(100)))).toBeUndefined();
    expect(structureFault(Buffer.from(nested(101)))).toMatch(/deeper than 100/);
    expect(structureFault(Buffer.from('{"a":'.repeat(101)))).toMatch(/deeper than 100/);
    expect(structureFault(Buffer.alloc(20_000_000, '['))).toMatch(/deeper than 100/);
  });

  it('has a million values at most', () => {
    expect(structureFault(Buffer.from(`[${'1,'.repeat(999_990)}1]`))).toBeUndefined();
    expect(structureFault(Buffer.from(`[${'{},'.repeat(500_001)}1]`))).toMatch(/more than 1000000/);
  });

  it('is told from what strings say, whatever they say', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const strings = JSON.stringify({ [text]: `${text}\\"[[[${'['.repeat(200)}` });
        return structureFault(Buffer.from(strings)) === undefined;
      }),
    );
    const noisy = fc.stringMatching(/^[\\"[\]{},a]{0,40}$/);
    fc.assert(
      fc.property(fc.array(noisy), (texts) => structureFault(Buffer.from(JSON.stringify(texts))) === undefined),
    );
    expect(structureFault(Buffer.from(`["\\\\",${nested(100)}]`))).toMatch(/deeper/);
    expect(structureFault(Buffer.from(`"${'['.repeat(200)}`))).toBeUndefined();
  });

  it('is never deeper or larger than that when the text was let through', () => {
    const depthOf = (value: unknown): number =>
      typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
    const deep = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof({ maxDepth: 150 }, fc.string(), fc.array(tie('value'), { minLength: 1, maxLength: 1 })),
    }));
    fc.assert(
      fc.property(deep.value, fc.nat(120), (value, more) => {
        const text = '['.repeat(more) + JSON.stringify([value]) + ']'.repeat(more);
        const tooDeep = depthOf(JSON.parse(text)) > 100;
        return (structureFault(Buffer.from(text)) !== undefined) === tooDeep;
      }),
    );
  });
});

describe('keys of prototypes', () => {
  it.each([
    ['{"__proto__":1}', '__proto__'],
    ['{"a":[{"\\u005f_proto__":{"admin":true}}]}', '__proto__'],
    ['[{"constructor":{"prototype":{}}}]', 'constructor.prototype'],
  ])('are found in %s', (text, key) => {
    expect(prototypeFault(JSON.parse(text))).toBe(`it has the key ${key}`);
  });

  it.each(['{"constructor":{"type":"string"}}', '{"prototype":1,"proto":2}', '["__proto__"]', '1', 'null'])(
    'are not in %s',
    (text) => {
      expect(prototypeFault(JSON.parse(text))).toBeUndefined();
    },
  );
});
