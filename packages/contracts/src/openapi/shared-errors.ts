import type { ErrorCode } from '../error-catalogue.js';

/** Of whatever names a model. */
export const MODEL_ERRORS = ['model_not_found', 'model_not_supported'] as const satisfies readonly ErrorCode[];

/** Of whatever makes a picture or a video from a prompt, and possibly from pictures. */
export const MEDIA_ERRORS = [
  ...MODEL_ERRORS,
  'empty_prompt',
  'prompt_too_long',
  'invalid_image_url',
  'invalid_image',
] as const satisfies readonly ErrorCode[];

/** Of whatever waits for the upstream. */
export const UPSTREAM_ERRORS = [
  'rate_limit_exceeded',
  'upstream_error',
  'upstream_timeout',
  'upstream_rejected',
  'content_policy_violation',
  'image_fetch_failed',
  'result_unavailable',
] as const satisfies readonly ErrorCode[];
