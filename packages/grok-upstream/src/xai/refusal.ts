import type { Credential } from '@grok2api/contracts';
import { UpstreamError } from '../errors.js';
import { cleanMessage } from './clean-message.js';
import type { XaiAnswer } from './client.js';
import { readErrorBody } from './error-body.js';
import { type CallKind, isSuccess, sortAnswer } from './faults.js';

/** The error that an answer is: one that is no success, that carries an error body, or that cannot be read. */
export function refusalOf(call: CallKind, answer: XaiAnswer, credential: Credential): UpstreamError {
  const { status, complete, retryAfterMs } = answer;
  const body = readErrorBody(answer.json);
  // Proxies answer with plain text or HTML. That of a success is no error's text and decides nothing.
  const error = body ?? { code: '', text: isSuccess(status) ? '' : answer.text };
  const sorted = sortAnswer(call, { status, complete, ...error });
  const said = cleanMessage(error.text, credential.secret) || cleanMessage(error.code, credential.secret);
  const message = said || (isSuccess(status) ? `unreadable answer with status ${status}` : `HTTP status ${status}`);
  return new UpstreamError(message, { ...sorted, status, retryAfterMs });
}
