import { z } from 'zod';
import { ApiError } from './errors.js';

const SHOWN_CHARACTERS = 60;
const UNSHOWN = 'this value';

/**
 * Parses a request's untyped part.
 * @throws ApiError for the first fault: which parameter, what was wrong, what is allowed
 */
export function parseRequest<Schema extends z.ZodType>(schema: Schema, input: unknown): z.infer<Schema> {
  return parse(schema, input, shown);
}

/**
 * Parses what may hold secrets: as `parseRequest`, but an error repeats no value.
 * @throws ApiError for the first fault: which parameter, what is allowed
 */
export function parseSecretRequest<Schema extends z.ZodType>(schema: Schema, input: unknown): z.infer<Schema> {
  return parse(schema, input, () => UNSHOWN);
}

/** Writes a value that is wrong as an error repeats it. */
type Show = (input: unknown) => string;

function parse<Schema extends z.ZodType>(schema: Schema, input: unknown, show: Show): z.infer<Schema> {
  const parsed = schema.safeParse(input, { reportInput: true });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw issue ? toApiError(issue, show) : new ApiError('internal_error', { cause: parsed.error });
}

function toApiError(issue: z.core.$ZodIssue, show: Show, parents: readonly PropertyKey[] = []): ApiError {
  const path = [...parents, ...issue.path];
  const param = path.map(String).join('.');
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(param, issue.input, issue.expected);
    case 'invalid_value': {
      const expected = [...new Set(issue.values.map((value) => typeof value))];
      if (!expected.includes(typeof issue.input)) return wrongType(param, issue.input, expected.join(' or '));
      return invalidValue(param, show(issue.input), `Allowed: ${issue.values.join(', ')}.`);
    }
    case 'invalid_union': {
      if ('discriminator' in issue) {
        const options = 'options' in issue && Array.isArray(issue.options) ? issue.options : [];
        return wrongKind(param, issue.input, issue.discriminator, options, show);
      }
      // The branch that went furthest is the one that was meant: one of another type did not go anywhere.
      const furthest = issue.errors.flat().toSorted((a, b) => reach(b) - reach(a))[0];
      if (furthest && reach(furthest) > 0) return toApiError(furthest, show, path);
      const expected = issue.errors.flat().map((error) => ('expected' in error ? String(error.expected) : 'another'));
      return wrongType(param, issue.input, [...new Set(expected)].join(' or '));
    }
    case 'too_small':
      return invalidValue(param, show(issue.input), `At least ${issue.minimum}${unit(issue.origin)}.`);
    case 'too_big':
      return invalidValue(param, show(issue.input), `At most ${issue.maximum}${unit(issue.origin)}.`);
    default:
      return invalidValue(param, show(issue.input), issue.message);
  }
}

function reach(issue: z.core.$ZodIssue): number {
  return issue.path.length + (issue.code === 'invalid_type' ? 0 : 1);
}

// A union told apart by one of its fields: `input` is the whole object, `param` names the field.
function wrongKind(
  param: string,
  input: unknown,
  field: string | undefined,
  options: readonly unknown[],
  show: Show,
): ApiError {
  const given = z.record(z.string(), z.unknown()).safeParse(input).data?.[field ?? ''];
  if (typeof given !== 'string') return wrongType(param, given, 'string');
  return invalidValue(param, show(given), `Allowed: ${options.join(', ')}.`);
}

function wrongType(param: string, input: unknown, expected: string): ApiError {
  if (input === undefined) return new ApiError('missing_required_parameter', { param });
  return new ApiError('invalid_type', { param: param || 'body', values: { expected } });
}

function unit(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' ? ' entries' : '';
}

function invalidValue(param: string, value: string, allowed: string): ApiError {
  return new ApiError('invalid_value', { param, values: { value, allowed } });
}

function shown(input: unknown): string {
  const text = typeof input === 'object' && input !== null ? undefined : JSON.stringify(input);
  if (text === undefined) return UNSHOWN;
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
