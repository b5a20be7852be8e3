import { z } from 'zod';
import type { ChatUsage } from '../chat.js';
import { lenient } from './lenient.js';

const count = z.number().int().nonnegative();

// Counts by name; whatever else is among them is left out.
const countsSchema = z.record(z.string(), z.unknown()).transform(
  (details): Record<string, number> =>
    Object.fromEntries(
      Object.entries(details).flatMap(([name, value]) => {
        const parsed = count.safeParse(value);
        return parsed.success ? [[name, parsed.data]] : [];
      }),
    ),
);

/** `usage` of an answer to a chat, as xAI sends it. */
export const chatUsageSchema = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  prompt_tokens_details: lenient(countsSchema),
  completion_tokens_details: lenient(countsSchema),
  cost_in_usd_ticks: lenient(count),
});

/** OpenAI's counts, which take reasoning for a part of the completion, where xAI's count it beside the completion. */
export function chatUsageOf(usage: z.infer<typeof chatUsageSchema>): ChatUsage {
  const { prompt_tokens, prompt_tokens_details, completion_tokens_details } = usage;
  const reasoning_tokens = completion_tokens_details?.reasoning_tokens ?? 0;
  const completion_tokens = usage.completion_tokens + reasoning_tokens;
  return {
    prompt_tokens,
    completion_tokens,
    total_tokens: prompt_tokens + completion_tokens,
    ...(prompt_tokens_details && { prompt_tokens_details }),
    ...(completion_tokens_details && {
      completion_tokens_details: { ...completion_tokens_details, reasoning_tokens },
    }),
  };
}
