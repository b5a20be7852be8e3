import type { Outcome } from '@grok2api/contracts';

/** Why a call to the upstream failed. */
export const UPSTREAM_FAULTS = [
  /** Too many calls with this credential and model. */
  'rate_limited',
  /** The key is wrong or missing, whatever the model. */
  'credential_dead',
  /** The credential may not use this model. */
  'not_permitted',
  /** The credential's money is spent. */
  'no_credits',
  /** The content was refused. Possibly billed. */
  'moderated',
  /** The request itself is wrong; no credential would help. */
  'bad_request',
  /** The upstream does not know the job. It has said so by mistake before. */
  'job_gone',
  /** The upstream or the way to it failed: 5xx, no connection, a cut, late or unreadable answer. */
  'transient',
  /** The caller's signal ended the call. */
  'aborted',
] as const;

export type UpstreamFault = (typeof UPSTREAM_FAULTS)[number];

/**
 * Whether the upstream may have accepted a create that failed. `no`: proven that it did not. `unknown`: it may have,
 * and may bill it, so it must not be asked again. Always `no` for calls that create nothing.
 */
export type Submitted = 'no' | 'unknown';

/** What an UpstreamError tells besides its message. */
export interface UpstreamErrorDetails {
  fault: UpstreamFault;
  outcome: Outcome;
  submitted: Submitted;
  unknownModel?: boolean;
  status?: number;
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/**
 * A call to the upstream failed. The message is short (at most 300 characters) and holds no secret, no team or account
 * id and no markup, so that it can be shown to a client.
 */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly fault: UpstreamFault;
  /** What to report about the credential. */
  readonly outcome: Outcome;
  readonly submitted: Submitted;
  /** Whether a `bad_request` is one because the upstream does not know the model. */
  readonly unknownModel: boolean;
  /** The status of the answer, when there was one. */
  readonly status: number | undefined;
  /** How long the upstream asked to wait, when it did. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, details: UpstreamErrorDetails) {
    super(message, { cause: details.cause });
    this.fault = details.fault;
    this.outcome = details.outcome;
    this.submitted = details.submitted;
    this.unknownModel = details.unknownModel ?? false;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
  }
}
