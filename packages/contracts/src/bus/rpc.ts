import type { z } from 'zod';

/** A request on the bus: its subject, who answers, and the schemas of both sides. */
export interface Rpc<Request extends z.ZodType, Reply extends z.ZodType> {
  subject: string;
  /** Queue group: one of the service's processes gets each request. */
  service: string;
  request: Request;
  reply: Reply;
}
