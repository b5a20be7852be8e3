import type { Credential } from '@grok2api/contracts';
import { UpstreamError } from '../errors.js';
import type { XaiAnswer } from './answer.js';
import { cleanMessage } from './clean-message.js';
import { readErrorBody } from './error-body.js';
import { type CallKind, isSuccess, saysUnknownModel, sortAnswer } from './faults.js';

/** The error that an answer is: one that is no success, that carries an error body, or that cannot be read. */
export function refusalOf(call: CallKind, answer: XaiAnswer, credential: Credential): UpstreamError {
  const { status, complete, retryAfterMs } = answer;
  const body = readErrorBody(answer.json);
  // Proxies answer with plain text or HTML. That of a success is no error's text and decides nothing.
  const error = body ?? { code: '', text: isSuccess(status) ? '' : answer.text };
  const facts = { status, complete, ...error };
  const sorted = sortAnswer(call, facts);
  const unknownModel = sorted.fault === 'bad_request' && saysUnknownModel(call, facts);
  const said = cleanMessage(error.text, credential.secret) || cleanMessage(error.code, credential.secret);
  const message = said || (isSuccess(status) ? `unreadable answer with status ${status}` : `HTTP status ${status}`);
  return new UpstreamError(message, { ...sorted, unknownModel, status, retryAfterMs });
}
