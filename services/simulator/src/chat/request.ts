import { z } from 'zod';
import { type LanguageModel, REASONING_EFFORTS, type ReasoningEffort } from '../models/catalogue.js';
import { requireModel } from '../models/require-model.js';
import { parseBody } from '../wire/parse-body.js';
import { invalidArgument, XaiError } from '../wire/xai-error.js';
import { messageSchema } from './message.js';

const toolSchema = z.object({
  type: z.literal('function'),
  function: z.object({
    name: z.string().min(1),
    /** A JSON schema; a tool without one takes nothing. */
    parameters: z.record(z.string(), z.unknown()).nullish(),
  }),
});

export type Tool = z.infer<typeof toolSchema>;

const toolChoiceSchema = z.union([
  z.enum(['none', 'auto', 'required']),
  z.object({ type: z.literal('function'), function: z.object({ name: z.string() }) }),
]);

const responseFormatSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    json_schema: z.object({ name: z.string().optional(), schema: z.record(z.string(), z.unknown()) }),
  }),
]);

const penalty = z.number().min(-2).max(2).nullish();

// Fields that xAI does not know are ignored, and null counts as absent.
const requestSchema = z.object({
  model: z.string().min(1),
  messages: z.array(messageSchema).min(1),
  stream: z.boolean().nullish(),
  n: z.int().min(1).max(128).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  seed: z.int().nullish(),
  stop: z.array(z.string()).max(4).nullish(),
  presence_penalty: penalty,
  frequency_penalty: penalty,
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(8).nullish(),
  reasoning_effort: z.enum(REASONING_EFFORTS).nullish(),
  tools: z.array(toolSchema).max(128).nullish(),
  tool_choice: toolChoiceSchema.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: responseFormatSchema.nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  user: z.string().nullish(),
  logit_bias: z.unknown().optional(),
  search_parameters: z.unknown().optional(),
});

type ParsedRequest = z.infer<typeof requestSchema>;

/** A chat request that xAI takes. */
export interface ChatRequest extends Pick<ParsedRequest, 'messages' | 'stop' | 'response_format'> {
  model: LanguageModel;
  /** `none` also on a model that does not reason. */
  effort: ReasoningEffort;
  stream: boolean;
  n: number;
  /** How many tokens the content may have. */
  maxTokens: number;
  tools: readonly Tool[];
  /** The function that must be called, or whether one may or must be. */
  toolChoice: 'none' | 'auto' | 'required' | { name: string };
  parallelToolCalls: boolean;
  /** How many alternatives each token's logprob comes with; undefined: no logprobs were asked for. */
  topLogprobs: number | undefined;
}

/**
 * Reads the body of a chat request as xAI does.
 * @throws XaiError 400 for a wrong field or one that the model refuses, 404 for an unknown model, 410 for live search
 */
export function parseChatRequest(body: unknown): ChatRequest {
  const parsed = parseBody(requestSchema, body);
  const model = requireModel(parsed.model, 'language');
  refuseFields(parsed, model);
  return {
    model,
    messages: parsed.messages,
    effort: effortOf(parsed, model),
    stream: parsed.stream ?? false,
    n: parsed.n ?? 1,
    maxTokens: parsed.max_completion_tokens ?? parsed.max_tokens ?? Number.POSITIVE_INFINITY,
    stop: parsed.stop,
    tools: parsed.tools ?? [],
    toolChoice: toolChoiceOf(parsed),
    parallelToolCalls: parsed.parallel_tool_calls ?? true,
    response_format: parsed.response_format,
    topLogprobs: parsed.logprobs ? (parsed.top_logprobs ?? 0) : undefined,
  };
}

function refuseFields(parsed: ParsedRequest, model: LanguageModel): void {
  if (isGiven(parsed.search_parameters)) {
    throw new XaiError(410, 'gone', 'Live search is deprecated. Please switch to the Agent Tools API.');
  }
  if (isGiven(parsed.logit_bias)) throw unsupported('logit_bias');
  if (isGiven(parsed.top_logprobs) && !parsed.logprobs) {
    throw invalidArgument('`logprobs` must be set to true when `top_logprobs` is used.');
  }
  if (model.efforts.length === 0) return;
  for (const field of ['stop', 'presence_penalty', 'frequency_penalty'] as const) {
    if (isGiven(parsed[field])) throw unsupported(field);
  }
}

function effortOf({ reasoning_effort: asked }: ParsedRequest, model: LanguageModel): ReasoningEffort {
  if (!isGiven(asked)) return model.efforts.length === 0 ? 'none' : 'low';
  if (model.efforts.length === 0) throw unsupported('reasoning_effort');
  if (!model.efforts.includes(asked)) {
    throw invalidArgument(`The model ${model.id} takes a \`reasoning_effort\` of ${model.efforts.join(', ')}.`);
  }
  return asked;
}

function toolChoiceOf({ tools, tool_choice: choice }: ParsedRequest): ChatRequest['toolChoice'] {
  if (!isGiven(choice) || choice === 'auto' || choice === 'none') return choice ?? 'auto';
  if (!tools?.length) throw invalidArgument('A tool_choice was set on the request but no tools were specified.');
  if (choice === 'required') return choice;
  const { name } = choice.function;
  if (!tools.some((tool) => tool.function.name === name)) {
    throw invalidArgument(`The tool_choice names the function ${name}, which is not among the tools.`);
  }
  return { name };
}

function isGiven<Value>(value: Value): value is NonNullable<Value> {
  return value !== undefined && value !== null;
}

function unsupported(field: string): XaiError {
  return invalidArgument(`Argument not supported on this model: ${field}`);
}
