import type { z } from 'zod';

/** An event on the bus: its subject and its schema. It reaches whoever listens at the moment, at most once. */
export interface Topic<Event extends z.ZodType> {
  subject: string;
  event: Event;
}
