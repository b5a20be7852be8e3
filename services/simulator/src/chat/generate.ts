import { answerText, reasoningText } from './answer-text.js';
import { sampleJson } from './json-sample.js';
import type { MagicWords } from './magic-words.js';
import { promptOf, toolResultsOf } from './message.js';
import { wordsOf } from './prompt-words.js';
import type { ChatRequest } from './request.js';
import { splitTokens } from './tokens.js';
import { type ToolCall, toolCallsFor } from './tool-calls.js';

/** One answer of the model, in tokens. */
export interface Choice {
  index: number;
  reasoning: readonly string[];
  content: readonly string[];
  toolCalls: readonly ToolCall[];
  finish: 'stop' | 'length' | 'tool_calls';
}

/** What an answer depends on besides the request. */
export interface GenerationContext {
  magic: MagicWords;
  /** A line for each picture of the conversation. */
  pictures: readonly string[];
  newId: () => string;
}

/** Makes up the model's answers, as many as were asked for. The same request always gets the same text. */
export function generate(request: ChatRequest, context: GenerationContext): Choice[] {
  const reasoning = splitTokens(reasoningText(promptOf(request.messages), request.effort));
  return Array.from({ length: request.n }, (_, index) => ({ index, reasoning, ...answer(request, context, index) }));
}

function answer(request: ChatRequest, context: GenerationContext, index: number) {
  const { magic, newId } = context;
  const prompt = promptOf(request.messages);
  const toolCalls = toolCallsFor(request, { count: magic.calls ?? 1, prompt, newId });
  if (toolCalls.length > 0) return { content: [], toolCalls, finish: 'tool_calls' as const };
  const tokens = untilStop(contentTokens(request, context, index), request.stop);
  const content = tokens.slice(0, request.maxTokens);
  const finish = content.length < tokens.length ? ('length' as const) : ('stop' as const);
  return { content, toolCalls, finish };
}

function contentTokens(request: ChatRequest, { magic, pictures }: GenerationContext, index: number): string[] {
  if (magic.instead === 'no_content') return [];
  if (magic.tokens !== undefined) return numberedTokens(magic.tokens);
  const prompt = promptOf(request.messages);
  const text = answerText({
    model: request.model.id,
    prompt,
    pictures,
    toolResults: toolResultsOf(request.messages),
  });
  const format = request.response_format;
  if (format?.type === 'json_schema') {
    return splitTokens(JSON.stringify(sampleJson(format.json_schema.schema, wordsOf(prompt))));
  }
  if (format?.type === 'json_object') return splitTokens(JSON.stringify({ answer: text }));
  // The answers to one prompt differ, as a model's do.
  return splitTokens(index === 0 ? text : `${text}\n(${index + 1})`);
}

function numberedTokens(count: number): string[] {
  return Array.from({ length: count }, (_, index) => (index === 0 ? 't0' : ` t${index}`));
}

// A token in which a stop sequence begins is left out whole.
function untilStop(tokens: string[], stop: ChatRequest['stop']): string[] {
  const text = tokens.join('');
  const ends = (stop ?? []).filter((sequence) => sequence !== '').map((sequence) => text.indexOf(sequence));
  const end = Math.min(...ends.filter((at) => at >= 0));
  if (end === Number.POSITIVE_INFINITY) return tokens;
  let length = 0;
  return tokens.filter((token) => {
    length += token.length;
    return length <= end;
  });
}
