import { ApiError } from '../errors.js';
import { STREAM_ERROR_MESSAGE_MAX, type StreamErrorDetails } from './stream-rpc.js';

const RETRY_AFTER = 'retry-after';
const SHOULD_RETRY = 'x-should-retry';
const MS_PER_S = 1000;

/** An error for the client as a streamed reply carries it. */
export function toStreamError({ code, message, param, headers }: ApiError): StreamErrorDetails {
  const retryAfter = headers[RETRY_AFTER];
  const shouldRetry = headers[SHOULD_RETRY];
  return {
    code,
    message: message.slice(0, STREAM_ERROR_MESSAGE_MAX),
    param,
    ...(retryAfter === undefined ? {} : { retry_after_ms: Number(retryAfter) * MS_PER_S }),
    ...(shouldRetry === undefined ? {} : { should_retry: shouldRetry === 'true' }),
  };
}

/** The error for the client that a streamed reply carried. */
export function fromStreamError(details: StreamErrorDetails, cause: unknown): ApiError {
  const { code, message, param, retry_after_ms: retryAfterMs, should_retry: shouldRetry } = details;
  return new ApiError(code, {
    message,
    ...(param === null ? {} : { param }),
    headers: {
      ...(retryAfterMs === undefined ? {} : { [RETRY_AFTER]: String(Math.max(1, Math.ceil(retryAfterMs / MS_PER_S))) }),
      ...(shouldRetry === undefined ? {} : { [SHOULD_RETRY]: String(shouldRetry) }),
    },
    cause,
  });
}
