import { z } from 'zod';
import { chatOptionsSchema } from '../api/chat.js';
import { chatMessagesSchema, pictureDetailSchema } from '../api/chat-messages.js';
import { pictureIdSchema } from '../ids.js';
import { modelSchema } from '../models.js';
import { textSchema } from '../text.js';
import type { StreamRpc } from './stream-rpc.js';

/** Where a picture comes from. */
export const chatPictureSchema = z.union([
  /** Sent on as it is: a data URL, or an https address that the upstream fetches. */
  z.object({ url: z.string() }),
  /** A file of the media store. */
  z.object({ media: pictureIdSchema }),
  /** An address that only this system can reach, or that the upstream does not take. */
  z.object({ fetch: z.string() }),
]);
export type ChatPicture = z.infer<typeof chatPictureSchema>;

const picturePartSchema = z.object({
  type: z.literal('image_url'),
  picture: chatPictureSchema,
  detail: pictureDetailSchema,
});

/** A chat completion with its model looked up and its pictures found. */
export const chatRequestSchema = chatOptionsSchema.extend({
  /** Name of the client key. */
  owner: textSchema,
  model: modelSchema,
  messages: chatMessagesSchema(picturePartSchema),
});
export type ChatRequest = z.infer<typeof chatRequestSchema>;
export type ChatMessage = ChatRequest['messages'][number];

/**
 * Answers a chat completion with bytes for the client: server-sent events when a stream is asked for, else one JSON
 * object.
 */
export const completeChat = {
  subject: 'grok.chat.completions',
  service: 'chat',
  request: chatRequestSchema,
} satisfies StreamRpc<z.ZodType>;
