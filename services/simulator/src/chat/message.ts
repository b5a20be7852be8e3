import { z } from 'zod';

const textPart = z.object({ type: z.literal('text'), text: z.string() });
const imagePart = z.object({
  type: z.literal('image_url'),
  image_url: z.object({ url: z.string().min(1), detail: z.enum(['auto', 'low', 'high']).nullish() }),
});

const text = z.union([z.string(), z.array(textPart)]).transform(textOf);
const userContent = z.union([z.string(), z.array(z.discriminatedUnion('type', [textPart, imagePart])).min(1)]);

const toolCall = z.object({
  id: z.string(),
  type: z.literal('function'),
  function: z.object({ name: z.string(), arguments: z.string() }),
});

/** A message as xAI takes it. It has no role `developer`. */
export const messageSchema = z.discriminatedUnion(
  'role',
  [
    z.object({ role: z.literal('system'), content: text }),
    z
      .object({ role: z.literal('user'), content: userContent })
      .transform(({ role, content }) => ({ role, content: textOf(content), pictures: picturesOf(content) })),
    z.object({ role: z.literal('assistant'), content: text.nullish(), tool_calls: z.array(toolCall).nullish() }),
    z.object({ role: z.literal('tool'), content: text, tool_call_id: z.string() }),
  ],
  { error: 'a message must be an object with a role of `system`, `user`, `assistant` or `tool`' },
);

/** A message. Its content is text; the URLs of a user's pictures stand beside it. */
export type Message = z.infer<typeof messageSchema>;

/** The text of the last user message; empty when there is none. */
export function promptOf(messages: readonly Message[]): string {
  return messages.findLast((message) => message.role === 'user')?.content ?? '';
}

/** What tools gave after everything else: the contents of the tool messages at the end. */
export function toolResultsOf(messages: readonly Message[]): string[] {
  const others = messages.findLastIndex((message) => message.role !== 'tool');
  return messages.slice(others + 1).map((message) => message.content ?? '');
}

type UserContent = z.infer<typeof userContent>;

function textOf(content: UserContent): string {
  if (typeof content === 'string') return content;
  return content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}

function picturesOf(content: UserContent): string[] {
  if (typeof content === 'string') return [];
  return content.flatMap((part) => (part.type === 'image_url' ? [part.image_url.url] : []));
}
