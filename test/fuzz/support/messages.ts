import fc from 'fast-check';
import { z } from 'zod';
import * as contracts from '../../../packages/contracts/src/index.js';
import { fromSchema, hostileText, hostileValue } from './from-schema.js';

/** A message to a subject, ready to be sent. */
export interface FuzzedMessage {
  subject: string;
  /** JSON or anything else. */
  payload: string | Uint8Array;
  headers: Record<string, string>;
}

const schemaSchema = z.custom<z.ZodType>((value) => value instanceof z.ZodType);
const rpcSchema = z.object({ subject: z.string(), service: z.string(), request: schemaSchema, reply: schemaSchema });
const streamSchema = rpcSchema.omit({ reply: true });
const topicSchema = z.object({ subject: z.string(), event: schemaSchema });

const EXPORTED: unknown[] = Object.values(contracts);

/** Every request on the bus that has one reply. */
export const RPCS = EXPORTED.flatMap((value) => rpcSchema.safeParse(value).data ?? []);
/** Every request whose reply is a stream. */
export const STREAMS = EXPORTED.flatMap((value) => {
  const isRpc = rpcSchema.safeParse(value).success;
  return isRpc ? [] : (streamSchema.safeParse(value).data ?? []);
});
/** Every event. */
export const TOPICS = EXPORTED.flatMap((value) => topicSchema.safeParse(value).data ?? []);

const hexTask = `task_${'0'.repeat(32)}`;
/** Subjects of events that are made from ids, and the wake-ups. */
const EVENT_SUBJECTS: [subject: string, schema: z.ZodType][] = [
  ...TOPICS.map(({ subject, event }): [string, z.ZodType] => [subject, event]),
  [contracts.progressSubject(hexTask), contracts.taskEventSchema],
  [contracts.cancelSubject(hexTask), z.object({})],
  ...contracts.TASK_KINDS.map((kind): [string, z.ZodType] => [contracts.wakeUpSubject(kind), z.object({})]),
];

const headerText = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 30 }),
  fc.constantFrom(
    '',
    '0',
    '-1',
    '1e9',
    `request_${'0'.repeat(32)}.json`,
    '../../etc/passwd',
    `video_${'0'.repeat(32)}.mp4`,
  ),
);
const headers = fc.dictionary(
  fc.constantFrom('X-Request-Id', 'Grok-Deadline-Ms', 'Grok-Claim', 'Grok-Error', 'Nats-Msg-Id', 'traceparent'),
  headerText,
  { maxKeys: 3 },
);

function payloadOf(schema: z.ZodType): fc.Arbitrary<FuzzedMessage['payload']> {
  const json = fromSchema(z.toJSONSchema(schema, { io: 'input' }) as object).map(
    (value) => JSON.stringify(value) ?? '',
  );
  return fc.oneof(
    { weight: 10, arbitrary: json },
    { weight: 1, arbitrary: fc.tuple(json, fc.nat(100)).map(([text, cut]) => text.slice(0, cut)) },
    { weight: 1, arbitrary: hostileText },
    { weight: 1, arbitrary: hostileValue.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
    { weight: 1, arbitrary: fc.constant(`${'['.repeat(10_000)}${']'.repeat(10_000)}`) },
  );
}

function messagesTo(subject: string, schema: z.ZodType): fc.Arbitrary<FuzzedMessage> {
  return fc.record({ subject: fc.constant(subject), payload: payloadOf(schema), headers });
}

/** Requests to every subject that replies. */
export const fuzzedCalls = fc.oneof(...RPCS.map(({ subject, request }) => messagesTo(subject, request)));
/** Requests whose reply is a stream, and that might begin one. */
export const fuzzedStreams = fc.oneof(...STREAMS.map(({ subject, request }) => messagesTo(subject, request)));
/** Events of every kind. */
export const fuzzedEvents = fc.oneof(...EVENT_SUBJECTS.map(([subject, schema]) => messagesTo(subject, schema)));
