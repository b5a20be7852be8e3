import { inAsyncDialect } from '../api/async-dialect.js';
import { ERROR_CATALOGUE, type ErrorCode } from '../error-catalogue.js';
import { ApiError, isErrorCode } from '../errors.js';
import { TEXTS } from '../texts.js';
import type { Access, ApiRoute } from './route.js';

const ANYWHERE = [
  'malformed_request',
  'host_not_allowed',
  'origin_not_allowed',
  'request_timeout',
  'headers_too_large',
  'internal_error',
  'service_unavailable',
] as const satisfies readonly ErrorCode[];

const BY_ACCESS = {
  public: ['invalid_api_key'],
  key: ['invalid_api_key', 'rate_limit_exceeded', 'insufficient_quota'],
  capability: ['invalid_api_key'],
  admin: ['invalid_api_key', 'rate_limit_exceeded', 'idempotency_not_supported'],
} as const satisfies Record<Access, readonly ErrorCode[]>;

const VALUES = ['invalid_type', 'invalid_value'] as const satisfies readonly ErrorCode[];
const BODY = [
  ...VALUES,
  'missing_required_parameter',
  'unsupported_media_type',
  'request_too_large',
] as const satisfies readonly ErrorCode[];
const JSON_BODY = ['invalid_json', 'json_not_accepted'] as const satisfies readonly ErrorCode[];
const FORM = [
  'invalid_multipart',
  'missing_file',
  'too_many_files',
  'file_too_large',
  'invalid_image',
] as const satisfies readonly ErrorCode[];
const KEYED = [
  'invalid_idempotency_key',
  'idempotency_key_reused',
  'idempotency_in_progress',
  'idempotency_outcome_unknown',
] as const satisfies readonly ErrorCode[];

/** What can go wrong on a route: the codes, by the status that they come with. */
export function errorsOf(route: ApiRoute): Map<number, ErrorCode[]> {
  const { access, body, query, params, keyed, asyncDialect } = route;
  const codes = new Set<ErrorCode>([
    ...ANYWHERE,
    ...BY_ACCESS[access],
    ...(query || params ? VALUES : []),
    ...(body ? BODY : []),
    ...(body?.json ? JSON_BODY : []),
    ...(body?.form ? FORM : []),
    ...(keyed ? KEYED : []),
    ...(route.errors ?? []),
  ]);
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const error = new ApiError(code);
    const { status } = asyncDialect ? inAsyncDialect(error) : error;
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return byStatus;
}

/** What every error looks like, and what to do about it, by its code; what depends on the case is in braces. */
export function errorExamples(): Record<string, { description: string; value: unknown }> {
  const codes = Object.keys(ERROR_CATALOGUE).filter(isErrorCode);
  return Object.fromEntries(
    codes.map((code) => {
      const detail = code === 'task_not_found' ? { detail: TEXTS.zh.taskNotFound } : {};
      const value = { ...new ApiError(code).toBody(), ...detail };
      return [code, { description: ERROR_CATALOGUE[code].hint, value }];
    }),
  );
}
