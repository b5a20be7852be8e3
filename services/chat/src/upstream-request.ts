import type { ChatMessage, ChatPicture, ChatRequest, RefusableParameter } from '@grok2api/contracts';
import type { UpstreamChatRequest, UpstreamContentPart, UpstreamMessage } from '@grok2api/grok-upstream';
import { effortFor } from './reasoning.js';

/** The most that the upstream gives; OpenAI's API gives 20. */
const MAX_TOP_LOGPROBS = 8;

/** Finds the URL under which the upstream gets a picture. */
export type PictureUrl = (picture: ChatPicture) => Promise<string>;

/**
 * A chat completion in the upstream's terms: what the model refuses is left out, what it takes otherwise is mapped.
 * @throws what `pictureUrl` throws
 */
export async function toUpstreamRequest(request: ChatRequest, pictureUrl: PictureUrl): Promise<UpstreamChatRequest> {
  const { model, response_format: format } = request;
  const taken = <Value>(parameter: RefusableParameter, value: Value | null | undefined) =>
    model.chat?.refuses.includes(parameter) ? undefined : value;
  const messages: UpstreamMessage[] = [];
  for (const message of request.messages) messages.push(await toUpstreamMessage(message, pictureUrl));
  return {
    model: model.upstream,
    messages,
    ...present({
      temperature: request.temperature,
      topP: request.top_p,
      maxTokens: request.max_completion_tokens ?? request.max_tokens,
      stop: taken('stop', toStopList(request.stop)),
      n: request.n,
      seed: request.seed,
      presencePenalty: taken('presence_penalty', request.presence_penalty),
      frequencyPenalty: taken('frequency_penalty', request.frequency_penalty),
      logprobs: request.logprobs,
      topLogprobs: request.top_logprobs == null ? undefined : Math.min(request.top_logprobs, MAX_TOP_LOGPROBS),
      tools: request.tools?.map((tool) => ({ name: tool.function.name, ...present(tool.function) })),
      toolChoice: typeof request.tool_choice === 'object' ? request.tool_choice?.function : request.tool_choice,
      parallelToolCalls: request.parallel_tool_calls,
      reasoningEffort: effortFor(request, model),
      user: request.user,
      responseFormat:
        format?.type === 'json_schema'
          ? {
              type: format.type,
              jsonSchema: { name: format.json_schema.name, ...present(format.json_schema) },
            }
          : format,
    }),
  };
}

async function toUpstreamMessage(message: ChatMessage, pictureUrl: PictureUrl): Promise<UpstreamMessage> {
  switch (message.role) {
    case 'system':
    case 'developer':
      return { role: 'system', content: textOf(message.content) };
    case 'user': {
      const { content } = message;
      const name = present({ name: message.name });
      if (typeof content === 'string') return { role: 'user', content, ...name };
      const parts: UpstreamContentPart[] = [];
      for (const part of content) {
        if (part.type === 'text') parts.push(part);
        else {
          const url = await pictureUrl(part.picture);
          parts.push({ type: 'image', url, ...present({ detail: part.detail }) });
        }
      }
      return { role: 'user', content: parts, ...name };
    }
    case 'assistant': {
      const toolCalls = message.tool_calls?.map(({ id, function: called }) => ({ id, ...called }));
      return {
        role: 'assistant',
        content: message.content == null ? (message.refusal ?? null) : textOf(message.content),
        ...present({ toolCalls, name: message.name }),
      };
    }
    case 'tool':
      return { role: 'tool', toolCallId: message.tool_call_id, content: textOf(message.content) };
  }
}

type TextPart = { type: 'text'; text: string } | { type: 'refusal'; refusal: string };

function textOf(content: string | readonly TextPart[]): string {
  if (typeof content === 'string') return content;
  return content.map((part) => (part.type === 'text' ? part.text : part.refusal)).join('\n');
}

function toStopList(stop: ChatRequest['stop']): string[] | undefined {
  const list = typeof stop === 'string' ? [stop] : stop;
  return list && list.length > 0 ? list : undefined;
}

type Present<Fields> = { [Name in keyof Fields]?: NonNullable<Fields[Name]> };

/** The fields that have a value. */
function present<Fields extends object>(fields: Fields): Present<Fields>;
function present(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null));
}
