import { describe, expect, it } from 'vitest';
import { ApiError, ERROR_CATALOGUE, type ErrorCode, errorMessage } from '../src/index.js';

const codes = Object.keys(ERROR_CATALOGUE) as ErrorCode[];

describe('the error catalogue', () => {
  it.each(codes)('%s has a body with all four keys', (code) => {
    expect(Object.keys(new ApiError(code).toBody().error)).toEqual(['message', 'type', 'param', 'code']);
  });

  it('fills in details, and never from the text of another detail', () => {
    expect(errorMessage('upstream_error', { reason: 'it said {status}' })).toBe(
      'The upstream failed: it said {status}.',
    );
  });

  it('takes another status where a document asks for it', () => {
    expect(new ApiError('model_not_found', { status: 400 }).status).toBe(400);
  });
});
