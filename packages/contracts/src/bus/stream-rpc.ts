import { z } from 'zod';
import { ERROR_CATALOGUE } from '../error-catalogue.js';
import { isErrorCode } from '../errors.js';

/** A request on the bus whose reply is a stream of bytes: its subject, who answers, and the schema of the request. */
export interface StreamRpc<Request extends z.ZodType> {
  subject: string;
  /** Queue group: one of the service's processes gets each request. */
  service: string;
  request: Request;
}

/** Characters of a stream error's message at most. */
export const STREAM_ERROR_MESSAGE_MAX = 2000;

/** How a streamed reply ended badly: what the client is told of it, with a code of the error catalogue. */
export const streamErrorSchema = z.object({
  code: z.enum(Object.keys(ERROR_CATALOGUE).filter(isErrorCode)),
  message: z.string().max(STREAM_ERROR_MESSAGE_MAX),
  param: z.string().nullable(),
  retry_after_ms: z.number().int().nonnegative().optional(),
  /** What the answer's `x-should-retry` is to say, where the status alone would mislead. */
  should_retry: z.boolean().optional(),
});
export type StreamErrorDetails = z.infer<typeof streamErrorSchema>;
