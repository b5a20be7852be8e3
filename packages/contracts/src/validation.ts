import type { z } from 'zod';
import { ApiError } from './errors.js';

const SHOWN_CHARACTERS = 60;

/**
 * Parses a request's untyped part.
 * @throws ApiError for the first fault: which parameter, what was wrong, what is allowed
 */
export function parseRequest<Schema extends z.ZodType>(schema: Schema, input: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(input, { reportInput: true });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw issue ? toApiError(issue) : new ApiError('internal_error', { cause: parsed.error });
}

function toApiError(issue: z.core.$ZodIssue): ApiError {
  const param = issue.path.map(String).join('.');
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return new ApiError('missing_required_parameter', { param });
      return new ApiError('invalid_type', { param: param || 'body', values: { expected: issue.expected } });
    case 'invalid_value': {
      if (issue.input === undefined) return new ApiError('missing_required_parameter', { param });
      return invalidValue(param, issue.input, `Allowed: ${issue.values.join(', ')}.`);
    }
    case 'too_small':
      return invalidValue(param, issue.input, `At least ${issue.minimum}${unit(issue.origin)}.`);
    case 'too_big':
      return invalidValue(param, issue.input, `At most ${issue.maximum}${unit(issue.origin)}.`);
    default:
      return invalidValue(param, issue.input, issue.message);
  }
}

function unit(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' ? ' entries' : '';
}

function invalidValue(param: string, input: unknown, allowed: string): ApiError {
  const text = typeof input === 'object' && input !== null ? 'this value' : JSON.stringify(input);
  const value = text && text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : (text ?? 'this value');
  return new ApiError('invalid_value', { param, values: { value, allowed } });
}
