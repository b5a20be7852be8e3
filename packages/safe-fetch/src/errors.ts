import { errors } from 'undici';

/** Why a fetch failed, as a stable word. */
export type SafeFetchReason =
  | 'blocked_address'
  | 'bad_url'
  | 'too_large'
  | 'timeout'
  | 'too_many_redirects'
  | 'connect_failed'
  | 'bad_response';

/** A fetch was refused or failed. The message names no resolved address. */
export abstract class SafeFetchError extends Error {
  abstract readonly reason: SafeFetchReason;
}

/** The host is, or resolves to, an address that is neither public nor allowed. Nothing was sent. */
export class BlockedAddressError extends SafeFetchError {
  override readonly name = 'BlockedAddressError';
  readonly reason = 'blocked_address';
}

/** The URL cannot be parsed, or its scheme, its port or its user name is not accepted. Nothing was sent. */
export class BadUrlError extends SafeFetchError {
  override readonly name = 'BadUrlError';
  readonly reason = 'bad_url';
}

/** The body has, or declares, more bytes than may be read. */
export class BodyTooLargeError extends SafeFetchError {
  override readonly name = 'BodyTooLargeError';
  readonly reason = 'too_large';
}

/** The whole fetch, the connecting, or a silence took too long. */
export class FetchTimeoutError extends SafeFetchError {
  override readonly name = 'FetchTimeoutError';
  readonly reason = 'timeout';
}

/** More redirects than may be followed. */
export class TooManyRedirectsError extends SafeFetchError {
  override readonly name = 'TooManyRedirectsError';
  readonly reason = 'too_many_redirects';
}

/** The name does not resolve, no connection could be made, or it broke. */
export class ConnectFailedError extends SafeFetchError {
  override readonly name = 'ConnectFailedError';
  readonly reason = 'connect_failed';
}

/** The answer is no HTTP, has oversized headers, its length is wrong, or its compression is broken or unknown. */
export class BadResponseError extends SafeFetchError {
  override readonly name = 'BadResponseError';
  readonly reason = 'bad_response';
}

const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']);
const BAD_RESPONSES = new Set(['UND_ERR_HEADERS_OVERFLOW', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH']);

/** How zlib's codes begin, and those that it makes of Brotli's. */
const BROKEN_COMPRESSION = /^(Z_|ERR__ERROR_)/;

/** Sorts what undici, the network, TLS and zlib throw; errors of this package stay what they are. */
export function toSafeFetchError(cause: unknown): SafeFetchError {
  if (cause instanceof SafeFetchError) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (TIMEOUTS.has(code)) return new FetchTimeoutError('the host did not answer in time', { cause });
  if (BAD_RESPONSES.has(code) || BROKEN_COMPRESSION.test(code) || cause instanceof errors.HTTPParserError) {
    return new BadResponseError('not a valid answer', { cause });
  }
  return new ConnectFailedError('the connection failed', { cause });
}
