import { z } from 'zod';
import { textSchema } from '../text.js';

const textPartSchema = z.object({ type: z.literal('text'), text: textSchema });
const imagePartSchema = z.object({ type: z.literal('image_url'), image_url: z.object({ url: textSchema }) });

/** What a message says: a text, or parts of text and pictures. */
export const contentSchema = z.union([
  textSchema,
  z.array(z.discriminatedUnion('type', [textPartSchema, imagePartSchema])),
]);

/** One message of a conversation, as far as making a video or an image needs it. */
export const messageSchema = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: contentSchema.nullish(),
});
export type Message = z.infer<typeof messageSchema>;

/** What a conversation asks for: the text of its last user message, and the pictures in that. */
export function lastRequest(messages: readonly Message[]): { prompt: string; imageUrls: string[] } {
  const content = messages.findLast(({ role }) => role === 'user')?.content ?? '';
  if (typeof content === 'string') return { prompt: content, imageUrls: [] };
  const imageUrls: string[] = [];
  const texts: string[] = [];
  for (const part of content) {
    if (part.type === 'text') texts.push(part.text);
    else imageUrls.push(part.image_url.url);
  }
  return { prompt: texts.join('\n'), imageUrls };
}
