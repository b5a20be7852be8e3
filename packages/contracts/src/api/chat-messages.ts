import { z } from 'zod';
import { textSchema } from '../text.js';

const name = textSchema.nullish();
const textPartSchema = z.object({ type: z.literal('text'), text: textSchema });
const refusalPartSchema = z.object({ type: z.literal('refusal'), refusal: textSchema });
const textContentSchema = z.union([textSchema, z.array(textPartSchema).min(1)]);

const toolCallSchema = z.object({
  id: textSchema,
  type: z.literal('function'),
  function: z.object({ name: textSchema, arguments: textSchema }),
});

/** How closely a picture is to be looked at. */
export const pictureDetailSchema = z.enum(['auto', 'low', 'high']).nullish();

/** The messages of a conversation, with pictures of the given kind in those of the user. */
export function chatMessagesSchema<Picture extends z.ZodObject<{ type: z.ZodLiteral<'image_url'> }>>(picture: Picture) {
  return z
    .array(
      z.discriminatedUnion('role', [
        z.object({ role: z.literal('system'), content: textContentSchema, name }),
        z.object({ role: z.literal('developer'), content: textContentSchema, name }),
        z.object({
          role: z.literal('user'),
          content: z.union([textSchema, z.array(z.discriminatedUnion('type', [textPartSchema, picture])).min(1)]),
          name,
        }),
        z.object({
          role: z.literal('assistant'),
          content: z
            .union([textSchema, z.array(z.discriminatedUnion('type', [textPartSchema, refusalPartSchema])).min(1)])
            .nullish(),
          refusal: textSchema.nullish(),
          tool_calls: z.array(toolCallSchema).nullish(),
          name,
        }),
        z.object({ role: z.literal('tool'), content: textContentSchema, tool_call_id: textSchema }),
      ]),
    )
    .min(1);
}
