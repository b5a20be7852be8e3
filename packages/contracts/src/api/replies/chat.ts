import { z } from 'zod';
import { errorReplySchema } from './error.js';

const tokens = z.int().nonnegative();

const usageSchema = z.object({
  prompt_tokens: tokens,
  /** Reasoning included. */
  completion_tokens: tokens,
  total_tokens: tokens,
  prompt_tokens_details: z.looseObject({ cached_tokens: tokens.optional() }).optional(),
  completion_tokens_details: z.looseObject({ reasoning_tokens: tokens }).optional(),
});

const frame = {
  id: z.string().regex(/^chatcmpl-/),
  created: z.int(),
  /** As it was asked for. */
  model: z.string(),
  system_fingerprint: z.string().optional(),
};

const functionSchema = z.object({ name: z.string(), arguments: z.string() });
const toolCallSchema = z.object({ id: z.string(), type: z.literal('function'), function: functionSchema });
const logprobsSchema = z.looseObject({}).nullish();

/** Reply of `POST /v1/chat/completions`. */
export const chatCompletionReplySchema = z.object({
  ...frame,
  object: z.literal('chat.completion'),
  choices: z
    .array(
      z.object({
        index: z.int(),
        message: z.object({
          role: z.literal('assistant'),
          content: z.string().nullable(),
          refusal: z.string().nullish(),
          reasoning_content: z.string().optional(),
          tool_calls: z.array(toolCallSchema).optional(),
        }),
        logprobs: logprobsSchema,
        finish_reason: z.string(),
      }),
    )
    .min(1),
  usage: usageSchema,
});

const chunkSchema = z.object({
  ...frame,
  object: z.literal('chat.completion.chunk'),
  choices: z.array(
    z.object({
      index: z.int(),
      delta: z.object({
        role: z.literal('assistant').optional(),
        content: z.string().optional(),
        reasoning_content: z.string().optional(),
        refusal: z.string().nullish(),
        tool_calls: z.array(toolCallSchema.extend({ index: z.int() })).optional(),
      }),
      logprobs: logprobsSchema,
      finish_reason: z.string().nullable(),
    }),
  ),
  usage: usageSchema.nullish(),
});

/** Data of an event of a streamed chat completion: a chunk, or the error that ends the stream. */
export const chatCompletionEventSchema = z.union([chunkSchema, errorReplySchema]);
