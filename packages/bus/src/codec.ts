import type { z } from 'zod';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** A message's bytes. */
export function encode(message: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(message));
}

/** Parses a message's bytes. @throws SyntaxError, TypeError or ZodError when they are no such message */
export function decode<Schema extends z.ZodType>(schema: Schema, bytes: Uint8Array): z.infer<Schema> {
  return schema.parse(JSON.parse(decoder.decode(bytes)));
}
