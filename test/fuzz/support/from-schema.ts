import fc from 'fast-check';
import { DOCUMENT } from '../../api/support/api-document.js';

/** A JSON schema, as far as it is looked at. */
interface Schema {
  $ref?: string;
  anyOf?: Schema[];
  oneOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  type?: string | string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  required?: string[];
  items?: Schema;
  minimum?: number;
  maximum?: number;
}

const MAX_DEPTH = 6;

/** Texts that have broken something somewhere. */
const HOSTILE_TEXTS = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  '\udfff\ud83d',
  '\u202e\u0000\uffff',
  '__proto__',
  'constructor',
  'null',
  'undefined',
  '-0',
  '1e999',
  "' OR 1=1; --",
  '{{7*7}}',
  '../../etc/passwd',
  'data:image/png;base64,AAAA',
  'data:,',
  'http://127.0.0.1:1/x.png',
  'http://[::1]/',
  'http://0x7f000001/',
  'file:///etc/passwd',
  'https://user:pass@10.0.0.1/x',
  '\r\nx-injected: 1',
  'x'.repeat(40_000),
];

/** Texts of every kind, halves of surrogate pairs and control characters among them. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...HOSTILE_TEXTS),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 40 }),
);

const hostileNumber = fc.oneof(
  fc.constantFrom(0, -0, -1, 1.5, 1e308, -1e308, Number.MAX_SAFE_INTEGER, 2 ** 53, 2 ** 64, 5e-324),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** Any JSON value; an object may have keys of prototypes. */
export const hostileValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'hostile' },
    fc.constantFrom(null, true, false),
    hostileText,
    hostileNumber,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', ''), fc.string()),
      tie('value'),
      {
        maxKeys: 4,
      },
    ),
  ),
})).value;

function resolve(schema: Schema): Schema {
  if (!schema.$ref) return schema;
  const name = schema.$ref.split('/').at(-1) ?? '';
  const { schemas } = DOCUMENT.components as { schemas: Record<string, Schema> };
  return schemas[name] ?? {};
}

/**
 * Values that mostly fit a schema: what a parser looks at closely. Here and there something else stands in its place,
 * is missing or is too much.
 */
export function fromSchema(given: Schema, depth = 0): fc.Arbitrary<unknown> {
  if (depth > MAX_DEPTH) return hostileValue;
  return fc.oneof({ weight: 12, arbitrary: fitting(resolve(given), depth) }, { weight: 1, arbitrary: hostileValue });
}

function fitting(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  const { anyOf, oneOf, type } = schema;
  const branches = anyOf ?? oneOf;
  if (branches) return fc.oneof(...branches.map((branch) => fromSchema(branch, depth)));
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const types = Array.isArray(type) ? type : [type ?? 'any'];
  return fc.oneof(...types.map((each) => ofType(each, schema, depth)));
}

function ofType(type: string, schema: Schema, depth: number): fc.Arbitrary<unknown> {
  switch (type) {
    case 'object':
      return ofObject(schema, depth);
    case 'array':
      return fc.array(fromSchema(schema.items ?? {}, depth + 1), { maxLength: 4 });
    case 'string':
      return hostileText;
    case 'integer':
    case 'number':
      return fc.oneof(
        fc.integer({ min: Math.max(schema.minimum ?? 0, -1e6), max: Math.min(schema.maximum ?? 10, 1e6) }),
        hostileNumber,
      );
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return hostileValue;
  }
}

function ofObject(
  { properties = {}, required = [], additionalProperties }: Schema,
  depth: number,
): fc.Arbitrary<unknown> {
  const known = Object.fromEntries(
    Object.entries(properties).map(([name, property]) => {
      const value = fromSchema(property, depth + 1);
      const missing = required.includes(name) ? 12 : 1;
      return [name, fc.option(value, { nil: undefined, freq: missing })];
    }),
  );
  const further = typeof additionalProperties === 'object' ? fromSchema(additionalProperties, depth + 1) : hostileValue;
  const more = fc.dictionary(fc.string({ maxLength: 10 }), further, { maxKeys: 2 });
  return fc.tuple(fc.record(known), more).map(([fields, others]) => ({ ...others, ...fields }));
}
