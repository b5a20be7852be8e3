import {
  BusTimeoutError,
  NoResponderError,
  RequestTooLargeError,
  ResponderLostError,
  StreamError,
} from '@grok2api/bus';
import { ApiError, fromStreamError, inAsyncDialect } from '@grok2api/contracts';
import { MediaStoreUnavailableError } from '@grok2api/media-store';
import type { Logger } from '@grok2api/service-kit';
import { StoreUnavailableError } from '@grok2api/task-store';
import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { GatewayStoppingError } from '../gateway-stopping-error.js';

const RETRY_AFTER_S = '5';
const SERVER_ERRORS = 500;
const BYTES_PER_MB = 1_000_000;
/** A part of the system is not there, or not any more: it may be back soon. */
const NOT_THERE = [
  StoreUnavailableError,
  MediaStoreUnavailableError,
  NoResponderError,
  BusTimeoutError,
  ResponderLostError,
  GatewayStoppingError,
];

/** Answers what no route answered. */
export const routeNotFound: RequestHandler = (req) => {
  throw new ApiError('route_not_found', { values: { method: req.method, path: req.path } });
};

/** Answers a path's other methods. `allowed` as in the header Allow: `GET, DELETE`. */
export function methodNotAllowed(allowed: string): RequestHandler {
  return (req) => {
    const values = { method: req.method, path: req.path, allowed };
    throw new ApiError('method_not_allowed', { values, headers: { allow: allowed } });
  };
}

/** Turns whatever was thrown into an answer of the error catalogue; what nobody foresaw is logged, not told. */
export function answerErrors(log: Logger): ErrorRequestHandler {
  return (thrown: unknown, _req, res: Response, next) => {
    const error = toApiError(thrown);
    if (error.status >= SERVER_ERRORS) log.error({ err: thrown, request_id: res.locals.requestId }, 'request failed');
    if (res.headersSent) {
      // Too late for an answer: the connection is cut, so that nobody takes the part for the whole.
      next(thrown);
      return;
    }
    const detail = error.code === 'task_not_found' ? { detail: res.locals.texts.taskNotFound } : {};
    res
      .status(error.status)
      .set(error.headers)
      .json({ ...error.toBody(), ...detail });
  };
}

/** Gives the errors of an async create route the statuses of its document. */
export const answerInAsyncDialect: ErrorRequestHandler = (thrown: unknown, _req, _res, next) => {
  next(inAsyncDialect(toApiError(thrown)));
};

/** The error a client is told for whatever was thrown. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof StreamError) return fromStreamError(thrown.details, thrown);
  if (thrown instanceof RequestTooLargeError) {
    const values = { max_mb: Math.floor(thrown.maxBytes / BYTES_PER_MB) };
    return new ApiError('request_too_large', { values, cause: thrown });
  }
  if (NOT_THERE.some((kind) => thrown instanceof kind)) {
    return new ApiError('service_unavailable', { headers: { 'retry-after': RETRY_AFTER_S }, cause: thrown });
  }
  return fromExpress(thrown) ?? new ApiError('internal_error', { cause: thrown });
}

// What body-parser and the router throw: http-errors with a type. Their reasons are safe to tell.
const httpErrorSchema = z.object({
  status: z.number(),
  type: z.string().optional(),
  message: z.string(),
  limit: z.number().optional(),
});

function fromExpress(thrown: unknown): ApiError | undefined {
  const parsed = httpErrorSchema.safeParse(thrown);
  if (!parsed.success || parsed.data.status >= SERVER_ERRORS) return undefined;
  const { type, message, limit } = parsed.data;
  switch (type) {
    case 'entity.too.large':
      return new ApiError('request_too_large', {
        values: { max_mb: Math.floor((limit ?? 0) / BYTES_PER_MB) },
        cause: thrown,
      });
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new ApiError('unsupported_media_type', {
        values: { type: message, expected: 'application/json in UTF-8' },
        cause: thrown,
      });
    default:
      return new ApiError('invalid_json', { values: { reason: message.replace(/\.$/, '') }, cause: thrown });
  }
}
