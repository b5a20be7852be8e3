import type { Choice } from './generate.js';
import type { ChatRequest } from './request.js';
import { splitTokens } from './tokens.js';

const TOKENS_PER_PICTURE = 256;
const TOKENS_PER_MESSAGE = 4;
// 1 USD is 10^10 ticks: 3 USD for a million tokens in, 15 USD out.
const TICKS_PER_TOKEN_IN = 30_000;
const TICKS_PER_TOKEN_OUT = 150_000;

/** The usage of an answer as xAI counts it: `completion_tokens` leaves the reasoning out, `total_tokens` does not. */
export function usageOf(request: ChatRequest, choices: readonly Choice[]) {
  const textTokens = request.messages.reduce(
    (sum, message) => sum + TOKENS_PER_MESSAGE + splitTokens(message.content ?? '').length,
    0,
  );
  const pictures = request.messages.reduce(
    (sum, message) => sum + (message.role === 'user' ? message.pictures.length : 0),
    0,
  );
  const prompt = textTokens + pictures * TOKENS_PER_PICTURE;
  const completion = choices.reduce((sum, choice) => sum + completionTokens(choice), 0);
  const reasoning = choices.reduce((sum, choice) => sum + choice.reasoning.length, 0);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion + reasoning,
    prompt_tokens_details: {
      text_tokens: textTokens,
      audio_tokens: 0,
      image_tokens: pictures * TOKENS_PER_PICTURE,
      cached_tokens: 0,
    },
    completion_tokens_details: {
      reasoning_tokens: reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
    num_sources_used: 0,
    cost_in_usd_ticks: prompt * TICKS_PER_TOKEN_IN + (completion + reasoning) * TICKS_PER_TOKEN_OUT,
  };
}

/** A `usage` object. */
export type Usage = ReturnType<typeof usageOf>;

function completionTokens({ content, toolCalls }: Choice): number {
  return content.length + toolCalls.reduce((sum, call) => sum + splitTokens(call.function.arguments).length, 0);
}
