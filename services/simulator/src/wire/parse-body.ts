import type { z } from 'zod';
import { invalidArgument } from './xai-error.js';

/**
 * Reads a request's body by a schema.
 * @throws XaiError 400 that names each wrong field
 */
export function parseBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `\`${issue.path.join('.') || 'body'}\`: ${issue.message}`);
  throw invalidArgument(`Invalid request. ${faults.join('; ')}`);
}
