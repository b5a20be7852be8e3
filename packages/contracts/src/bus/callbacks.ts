import { z } from 'zod';
import type { Topic } from './topic.js';

/** Published, empty, when a callback may be due. A hint: its row says the same. */
export const callbackDue = { subject: 'grok.callbacks', event: z.object({}) } satisfies Topic<z.ZodType>;
