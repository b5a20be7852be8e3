import { z } from 'zod';
import { REASONING_EFFORTS } from '../models.js';
import { textSchema } from '../text.js';
import { parseRequest } from '../validation.js';
import { chatMessagesSchema, pictureDetailSchema } from './chat-messages.js';

const MAX_TOOLS = 128;

const toolSchema = z.object({
  type: z.literal('function'),
  function: z.object({
    name: textSchema.min(1).max(200),
    description: textSchema.nullish(),
    parameters: z.record(z.string(), z.unknown()).nullish(),
    strict: z.boolean().nullish(),
  }),
});

const toolChoiceSchema = z.union([
  z.enum(['none', 'auto', 'required']),
  z.object({ type: z.literal('function'), function: z.object({ name: textSchema }) }),
]);

const responseFormatSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    json_schema: z.object({
      name: textSchema,
      description: textSchema.nullish(),
      schema: z.record(z.string(), z.unknown()).nullish(),
      strict: z.boolean().nullish(),
    }),
  }),
]);

/** What a chat completion asks for besides its messages; the same on the bus. Null counts as absent. */
export const chatOptionsSchema = z.object({
  stream: z.boolean().nullish().describe('Server-sent events; false by default.'),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  // The published document writes null in quotes.
  thinking: z
    .enum(['enabled', 'disabled', 'null'])
    .nullish()
    .describe('`enabled` shows the reasoning, `disabled` hides it and asks for the least.'),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  stop: z.union([textSchema, z.array(textSchema).max(4)]).nullish(),
  n: z.int().min(1).max(128).nullish(),
  seed: z.int().nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  tools: z.array(toolSchema).max(MAX_TOOLS).nullish(),
  tool_choice: toolChoiceSchema.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: responseFormatSchema.nullish(),
  reasoning_effort: z.enum(REASONING_EFFORTS).nullish().describe('Comes before `thinking`.'),
  user: textSchema.max(512).nullish(),
  prompt_cache_key: textSchema.max(512).nullish(),
});
export type ChatOptions = z.infer<typeof chatOptionsSchema>;

const imagePartSchema = z.object({
  type: z.literal('image_url'),
  image_url: z.object({ url: textSchema, detail: pictureDetailSchema }),
});

/** Body of `POST /chat/completions` with a text model. */
export const chatCompletionSchema = chatOptionsSchema.extend({
  model: textSchema,
  messages: chatMessagesSchema(imagePartSchema),
});

/** A chat completion as the client asks for it. Addresses of pictures are as given, not yet checked. */
export type ChatCompletionBody = z.infer<typeof chatCompletionSchema>;

/** Parses the body of `POST /chat/completions` with a text model. @throws ApiError naming the parameter and what is allowed */
export function parseChatCompletion(body: unknown): ChatCompletionBody {
  return parseRequest(chatCompletionSchema, body);
}

const modelNameSchema = chatCompletionSchema.pick({ model: true });

/** The name of the model that a body asks for, whatever else is in it. @throws ApiError */
export function parseModelName(body: unknown): string {
  return parseRequest(modelNameSchema, body).model;
}
