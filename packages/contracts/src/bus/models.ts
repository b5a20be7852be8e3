import { z } from 'zod';
import { modelSchema } from '../models.js';
import type { Rpc } from './rpc.js';
import type { Topic } from './topic.js';

/** Asks for the model catalogue: what is configured, brought up to date by what the upstream lists. */
export const listModels = {
  subject: 'grok.models.list',
  service: 'token-pool',
  request: z.object({}),
  reply: z.object({ models: z.array(modelSchema) }),
} satisfies Rpc<z.ZodType, z.ZodType>;

/** Published, empty, when a token pool has another catalogue than before. */
export const modelsChanged = {
  subject: 'grok.models.changed',
  event: z.object({}),
} satisfies Topic<z.ZodType>;
