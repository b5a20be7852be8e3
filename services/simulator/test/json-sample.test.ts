import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { sampleJson } from '../src/chat/json-sample.js';

const WORDS = ['weather', 'in', 'Paris'];

const range = fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 1, max: 20 }));

/** Any schema that OpenAI's structured output has, as zod and as JSON schema. */
const { schema: anySchema } = fc.letrec<{ schema: z.ZodType }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<z.ZodType>(
      z.string(),
      z.number(),
      z.int(),
      z.boolean(),
      z.null(),
      z.unknown(),
      z.iso.date(),
      z.uuid(),
    ),
    fc.tuple(fc.nat(30), fc.nat(30)).map(([a, b]) => z.string().min(Math.min(a, b)).max(Math.max(a, b))),
    range.map(([least, span]) =>
      z
        .number()
        .min(least)
        .max(least + span),
    ),
    range.map(([least, span]) =>
      z
        .int()
        .gt(least - 1)
        .lt(least + span),
    ),
    range.map(([least]) => z.int().gt(least).multipleOf(5)),
    range.map(([most]) => z.number().lt(most)),
    fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 }).map((values) => z.enum(values)),
    fc.oneof(fc.string(), fc.integer(), fc.boolean()).map((value) => z.literal(value)),
    tie('schema').map((item) => z.nullable(item)),
    fc.tuple(tie('schema'), fc.nat(3)).map(([item, least]) => z.array(item).min(least).max(least)),
    fc.tuple(tie('schema'), tie('schema')).map(([a, b]) => z.tuple([a, b])),
    fc.tuple(tie('schema'), tie('schema')).map(([a, b]) => z.union([a, b])),
    fc
      .dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), fc.tuple(tie('schema'), fc.boolean()), { maxKeys: 4 })
      .map((fields) =>
        z.strictObject(
          Object.fromEntries(
            Object.entries(fields).map(([name, [field, optional]]) => [name, optional ? field.optional() : field]),
          ),
        ),
      ),
  ),
}));

test('a sample fits its schema', () => {
  fc.assert(
    fc.property(anySchema, (schema) => {
      const sample = sampleJson(z.toJSONSchema(schema), WORDS);
      expect(schema.safeParse(JSON.parse(JSON.stringify(sample))).error).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});

test('strings take the words of the prompt, the last one first', () => {
  const schema = z.object({ a: z.string(), b: z.array(z.string()).min(2), c: z.string().min(12) });
  expect(sampleJson(z.toJSONSchema(schema), WORDS)).toEqual({
    a: 'Paris',
    b: ['in', 'weather'],
    c: 'Paris in weather',
  });
});

test('references may be recursive', () => {
  const tree = z.object({
    name: z.string(),
    get children() {
      return z.array(tree);
    },
    get parent() {
      return z.nullable(tree);
    },
  });
  const sample = sampleJson(z.toJSONSchema(tree), WORDS);
  expect(tree.safeParse(sample).error).toBeUndefined();
  expect(JSON.stringify(sample).length).toBeLessThan(500_000);
});

test('allOf is put together', () => {
  const schema = {
    allOf: [{ $ref: '#/$defs/named' }, { type: 'object', properties: { age: { type: 'integer' } }, required: ['age'] }],
    $defs: { named: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } },
  };
  expect(sampleJson(schema, WORDS)).toEqual({ name: 'Paris', age: 1 });
});

test.each([
  { $ref: '#' },
  { $ref: '#/nowhere' },
  { $ref: 'https://example.com/%E0' },
  { allOf: Array(20).fill({ $ref: '#' }) },
  { type: 'object', properties: { self: { $ref: '#' } }, required: ['self'] },
  { type: 5 },
  { type: 'array', minItems: 1e9 },
])('a strange schema ends: %j', (schema) => {
  expect(JSON.stringify(sampleJson(schema, WORDS)).length).toBeLessThan(100_000);
});
