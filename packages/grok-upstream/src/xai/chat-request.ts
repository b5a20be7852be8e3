import type { UpstreamChatRequest, UpstreamContentPart, UpstreamMessage, UpstreamTool } from '../chat.js';

/** The body of `POST /chat/completions`. What is undefined is not sent. */
export function chatBody(request: UpstreamChatRequest): object {
  const { toolChoice, responseFormat } = request;
  return {
    model: request.model,
    messages: request.messages.map(messageBody),
    temperature: request.temperature,
    top_p: request.topP,
    // max_tokens is xAI's deprecated name of it.
    max_completion_tokens: request.maxTokens,
    stop: request.stop,
    n: request.n,
    seed: request.seed,
    presence_penalty: request.presencePenalty,
    frequency_penalty: request.frequencyPenalty,
    logprobs: request.logprobs,
    top_logprobs: request.topLogprobs,
    tools: request.tools?.map(toolBody),
    tool_choice: typeof toolChoice === 'object' ? { type: 'function', function: toolChoice } : toolChoice,
    parallel_tool_calls: request.parallelToolCalls,
    response_format:
      responseFormat?.type === 'json_schema'
        ? { type: 'json_schema', json_schema: responseFormat.jsonSchema }
        : responseFormat,
    reasoning_effort: request.reasoningEffort,
    user: request.user,
  };
}

function messageBody(message: UpstreamMessage): object {
  switch (message.role) {
    case 'system':
      return message;
    case 'user':
      return {
        ...message,
        content: typeof message.content === 'string' ? message.content : message.content.map(partBody),
      };
    case 'assistant': {
      const { role, content, name, toolCalls } = message;
      const tool_calls = toolCalls?.map(({ id, ...call }) => ({ id, type: 'function', function: call }));
      return { role, content, name, tool_calls };
    }
    case 'tool':
      return { role: message.role, tool_call_id: message.toolCallId, content: message.content };
  }
}

function partBody(part: UpstreamContentPart): object {
  if (part.type === 'text') return part;
  return { type: 'image_url', image_url: { url: part.url, detail: part.detail } };
}

function toolBody(tool: UpstreamTool): object {
  return { type: 'function', function: tool };
}
