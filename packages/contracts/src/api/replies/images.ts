import { z } from 'zod';
import { errorReplySchema } from './error.js';

const tokens = z.int().nonnegative();
const usageSchema = z.object({
  total_tokens: tokens,
  input_tokens: tokens,
  output_tokens: tokens,
  input_tokens_details: z.object({ text_tokens: tokens, image_tokens: tokens }),
});

/** An image: at a URL of this server, or the file itself in base64. */
const imageSchema = z.object({
  url: z.string().optional(),
  b64_json: z.string().optional(),
  /** The same once more, where `base64` was asked for. */
  base64: z.string().optional(),
  revised_prompt: z.string().optional(),
});

/** Reply of `POST /v1/images/generations` and `POST /v1/images/edits`. */
export const imagesReplySchema = z.object({
  created: z.int(),
  data: z.array(imageSchema).min(1),
  usage: usageSchema,
});

const imageFacts = {
  created_at: z.int(),
  /** WIDTHxHEIGHT. */
  size: z.string(),
  quality: z.string(),
  background: z.string(),
  output_format: z.enum(['jpeg', 'png', 'webp']),
};

/** Data of an event of streamed images: an image that is ready, all of them, or the error that ends the stream. */
export const imageEventSchema = z.union([
  z.object({
    type: z.enum(['image_generation.partial_image', 'image_edit.partial_image']),
    index: z.int(),
    partial_image_index: z.int(),
    b64_json: z.string(),
    ...imageFacts,
  }),
  z.object({
    type: z.enum(['image_generation.completed', 'image_edit.completed']),
    created: z.int(),
    data: z.array(imageSchema).min(1),
    url: z.string().optional(),
    b64_json: z.string().optional(),
    usage: usageSchema,
    ...imageFacts,
  }),
  errorReplySchema,
]);
