import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { taskEventSchema } from '@grok2api/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fromSchema } from '../fuzz/support/from-schema.js';
import { RPCS, STREAMS, TOPICS } from '../fuzz/support/messages.js';

/**
 * Messages that the released version before this one sends, by subject and side. Written anew at a release, and only then:
 * RECORD_MESSAGES=1 npx vitest run test/upgrades/messages.test.ts
 */
const PREVIOUS = join(fileURLToPath(import.meta.url), '../previous/messages.json');
const SAMPLES = 3;
/** Of what a schema describes, few satisfy all that it asks for. */
const TRIES = 20_000;
const SEED = 1;

/** The schemas of everything that one process reads of another. */
const SCHEMAS: [name: string, schema: z.ZodType][] = [
  ...RPCS.flatMap(({ subject, request, reply }): [string, z.ZodType][] => [
    [`${subject} request`, request],
    [`${subject} reply`, reply],
  ]),
  ...STREAMS.map(({ subject, request }): [string, z.ZodType] => [`${subject} request`, request]),
  ...TOPICS.map(({ subject, event }): [string, z.ZodType] => [`${subject} event`, event]),
  ['grok.progress.{task} event', taskEventSchema],
];

/** Some messages that the schema takes. */
function samplesOf(schema: z.ZodType): unknown[] {
  const messages = fromSchema(z.toJSONSchema(schema, { io: 'input' }) as object);
  const taken: unknown[] = [];
  for (const message of fc.sample(messages, { numRuns: TRIES, seed: SEED })) {
    const text = JSON.stringify(message);
    if (text === undefined || text.length > 2_000 || !schema.safeParse(JSON.parse(text)).success) continue;
    taken.push(JSON.parse(text));
    if (taken.length === SAMPLES) break;
  }
  return taken;
}

/** The message with a field that nobody knows in each of its objects. */
function withNewFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNewFields);
  if (typeof value !== 'object' || value === null) return value;
  const known = Object.entries(value).map(([name, field]) => [name, withNewFields(field)]);
  return Object.fromEntries([...known, ['field_of_a_later_version', { any: ['thing'] }]]);
}

const recordSchema = z.record(z.string(), z.array(z.unknown()));
let previous = recordSchema.parse(JSON.parse(readFileSync(PREVIOUS, 'utf8')));
if (process.env.RECORD_MESSAGES) {
  const entries = SCHEMAS.map(([name, schema]): [string, unknown[]] => {
    const samples = samplesOf(schema);
    // Those that chance does not find are kept, or written by hand.
    return [name, samples.length > 0 ? samples : (previous[name] ?? [])];
  });
  previous = Object.fromEntries(entries);
  writeFileSync(PREVIOUS, `${JSON.stringify(previous, null, 2)}\n`);
}

describe.each(SCHEMAS)('%s', (name, schema) => {
  const messages = previous[name] ?? [];

  it('is read as the version before sends it', () => {
    expect(messages.length).toBeGreaterThan(0);
    for (const message of messages) expect(schema.safeParse(message).error).toBeUndefined();
  });

  it('is read when a later version adds to it', () => {
    for (const message of messages) expect(schema.safeParse(withNewFields(message)).error).toBeUndefined();
  });
});

it('has every subject that the version before had', () => {
  const names = SCHEMAS.map(([name]) => name);
  expect(Object.keys(previous).filter((name) => !names.includes(name))).toEqual([]);
});
