import type { z } from 'zod';

/** A request whose reply is a stream of bytes: its subject, who answers, and the schema of the request. */
export interface StreamRpc<Request extends z.ZodType> {
  subject: string;
  /** Queue group: one of the service's processes gets each request. */
  service: string;
  request: Request;
}
