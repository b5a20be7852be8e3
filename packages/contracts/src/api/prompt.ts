import { ApiError } from '../errors.js';

/** Limits of media requests that are settings. */
export interface MediaRequestLimits {
  maxPromptLength: number;
}

/** The prompt of a media request, if it is one. @throws ApiError `empty_prompt`, `prompt_too_long` */
export function checkPrompt(prompt: string, param: string, { maxPromptLength }: MediaRequestLimits): string {
  if (prompt.trim() === '') throw new ApiError('empty_prompt', { param });
  const length = prompt.length;
  if (length > maxPromptLength) {
    throw new ApiError('prompt_too_long', { param, values: { length, max: maxPromptLength } });
  }
  return prompt;
}
