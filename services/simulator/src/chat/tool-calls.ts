import { sampleJson } from './json-sample.js';
import { wordsOf } from './prompt-words.js';
import type { ChatRequest, Tool } from './request.js';

/** A call of a tool. */
export interface ToolCall {
  id: string;
  type: 'function';
  /** `arguments` is JSON. */
  function: { name: string; arguments: string };
}

/** What the calls depend on besides the request. */
export interface CallContext {
  /** How many at once. */
  count: number;
  /** What the arguments' strings are made of. */
  prompt: string;
  newId: () => string;
}

/**
 * The calls that the model makes: of the tool that must be called, else of the tools in turn, the first one first.
 * It calls when a user spoke last, and whenever the request says that it must.
 */
export function toolCallsFor(request: ChatRequest, { count, prompt, newId }: CallContext): ToolCall[] {
  const { toolChoice, messages } = request;
  const mustCall = toolChoice === 'required' || typeof toolChoice === 'object';
  const mayCall = toolChoice === 'auto' && messages.at(-1)?.role === 'user';
  if (!mustCall && !mayCall) return [];
  const tools = callable(request);
  if (tools.length === 0) return [];
  const words = wordsOf(prompt);
  return Array.from({ length: request.parallelToolCalls ? count : 1 }, (_, index) => {
    const tool = tools[index % tools.length];
    const sample = tool?.function.parameters ? sampleJson(tool.function.parameters, rotated(words, index)) : {};
    return {
      id: `call_${newId()}`,
      type: 'function',
      function: { name: tool?.function.name ?? '', arguments: JSON.stringify(sample) },
    };
  });
}

function callable({ tools, toolChoice }: ChatRequest): readonly Tool[] {
  if (typeof toolChoice !== 'object') return tools;
  return tools.filter((tool) => tool.function.name === toolChoice.name);
}

// Calls of one tool differ in their arguments.
function rotated(words: readonly string[], by: number): readonly string[] {
  const last = words.length - (by % words.length);
  return [...words.slice(last), ...words.slice(0, last)];
}
