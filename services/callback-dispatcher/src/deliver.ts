import type { CallbackAttempt } from '@grok2api/contracts';
import { type SafeFetch, SafeFetchError, type SafeFetchReason } from '@grok2api/safe-fetch';
import type { ClaimedCallback } from '@grok2api/task-store';
import { excerptOf } from './excerpt.js';
import { type SigningSecrets, webhookHeaders } from './signature.js';

const ANSWER_EXCERPT_BYTES = 2_000;
const GONE = 410;
/** Reasons that say that the host is not there, rather than that it is not to be asked. */
const SILENCE: readonly SafeFetchReason[] = ['connect_failed', 'timeout'];

export interface DeliverOptions {
  safeFetch: SafeFetch;
  /** For everything from resolving the name to the last byte that is read, in milliseconds. */
  timeoutMs: number;
  /** Milliseconds. */
  now: () => number;
}

/** What became of one attempt. */
export interface Delivery {
  outcome: 'delivered' | 'gone' | 'failed';
  attempt: CallbackAttempt;
  /** Whether the host answered; undefined when it was not asked. */
  hostAnswered: boolean | undefined;
}

/**
 * Posts a callback once. An answer of 2xx takes it, 410 wants it no more, and any other is a failure, a redirect too:
 * where it leads is not followed. Never throws for what the other side does.
 */
export async function deliver(
  callback: ClaimedCallback,
  secrets: SigningSecrets,
  { safeFetch, timeoutMs, now }: DeliverOptions,
): Promise<Delivery> {
  const { id, url, payload } = callback;
  const startedAt = now();
  const attemptWith = (result: Pick<CallbackAttempt, 'status' | 'error' | 'answer'>): CallbackAttempt => ({
    at: new Date(startedAt).toISOString(),
    duration_ms: Math.max(0, Math.round(now() - startedAt)),
    ...result,
  });
  try {
    const headers = { 'content-type': 'application/json', ...webhookHeaders(id, payload, secrets, startedAt) };
    const { status, body } = await safeFetch.post(url, { body: payload, headers, timeoutMs });
    if (status >= 200 && status < 300) {
      body.destroy();
      return { outcome: 'delivered', attempt: attemptWith({ status, error: null, answer: null }), hostAnswered: true };
    }
    const answer = await excerptOf(body, ANSWER_EXCERPT_BYTES);
    const attempt = attemptWith({ status, error: null, answer });
    return { outcome: status === GONE ? 'gone' : 'failed', attempt, hostAnswered: true };
  } catch (err) {
    if (!(err instanceof SafeFetchError)) throw err;
    const attempt = attemptWith({ status: null, error: `${err.reason}: ${err.message}`, answer: null });
    return { outcome: 'failed', attempt, hostAnswered: SILENCE.includes(err.reason) ? false : undefined };
  }
}
