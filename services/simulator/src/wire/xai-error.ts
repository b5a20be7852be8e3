import type { Answer } from './answer.js';

/** An answer that is an error, in xAI's usual shape `{"code","error":"text"}`. */
export class XaiError extends Error {
  override readonly name = 'XaiError';
  constructor(
    readonly status: number,
    readonly code: string,
    text: string,
    options?: ErrorOptions,
  ) {
    super(text, options);
  }
}

/** A request that xAI refuses as wrong: 400 `invalid-argument`. */
export function invalidArgument(text: string, options?: ErrorOptions): XaiError {
  return new XaiError(400, 'invalid-argument', text, options);
}

/** Something that does not exist, or not for this key: 404 `not-found`. */
export function notFound(text: string): XaiError {
  return new XaiError(404, 'not-found', text);
}

/** The answer that an error is. */
export function errorAnswer(error: XaiError): Answer {
  return { status: error.status, body: { kind: 'json', value: { code: error.code, error: error.message } } };
}
