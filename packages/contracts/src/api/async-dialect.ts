import type { ApiError } from '../errors.js';

const SHAPE_ERRORS: readonly string[] = ['invalid_json', 'missing_required_parameter', 'invalid_type'];

/** An error with the status that the async routes give it: 422 for a wrong shape, 400 for an unknown model. */
export function inAsyncDialect(error: ApiError): ApiError {
  if (SHAPE_ERRORS.includes(error.code)) return error.withStatus(422);
  return error.code === 'model_not_found' ? error.withStatus(400) : error;
}
