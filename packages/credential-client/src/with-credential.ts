import { setTimeout as sleep } from 'node:timers/promises';
import type { Credential, Outcome } from '@grok2api/contracts';
import { UpstreamError, type UpstreamFault } from '@grok2api/grok-upstream';
import type { CredentialClient } from './credential-client.js';
import { NoCredentialError, PoolUnavailableError } from './errors.js';
import type { HeldGrant, ReportDetails } from './held-grant.js';

/** How a call with credentials is made. */
export interface CallPlan {
  /** The upstream model that is called. */
  model: string;
  /** Calls made at most, each with another credential where there is one. */
  maxTries: number;
  /** How long to wait for a slot while every credential is busy or the token pool is away, in ms. */
  waitMs: number;
  /** Calls with the same one go to the same credential, as long as that is free: its caches know what was said before. */
  sticky?: string;
  /** Ends the waiting; the call itself has to heed it by its own means. */
  signal: AbortSignal;
  /** 0 to 1, for jitter. */
  random: () => number;
}

/** A call that the upstream has begun to answer. Its credential stays in use until `end`. */
export interface BegunCall<Value> {
  value: Value;
  credentialId: string;
  /** Tells how the call ended and gives the credential back. Has to be called once. */
  end(outcome: Outcome, details?: ReportDetails): void;
}

/** Faults that another credential, or the same one a little later, may not have. */
const WORTH_ANOTHER_TRY: readonly UpstreamFault[] = [
  'rate_limited',
  'credential_dead',
  'not_permitted',
  'no_credits',
  'transient',
];
const FIRST_BACKOFF_MS = 200;
/** A token pool that is slow to take a report does not hold the request up. */
const REPORT_WAIT_MS = 500;

/**
 * Makes a call with a credential that can serve the model. When the call fails in a way that another credential may not
 * share, and provably nothing was begun, it is made again at once with another one; with the same one, where there is no
 * other, after a short pause. Each failure is reported before the next credential is asked for.
 * @throws UpstreamError of the last call; NoCredentialError; PoolUnavailableError; ClosedError; the signal's reason
 */
export async function withCredential<Value>(
  client: CredentialClient,
  plan: CallPlan,
  call: (credential: Credential) => Promise<Value>,
): Promise<BegunCall<Value>> {
  const failed: string[] = [];
  let lastError: UpstreamError | undefined;
  for (let attempt = 1; ; attempt++) {
    const grant = await takeGrant(client, plan, failed, lastError);
    const { credential } = grant;
    try {
      if (failed.includes(credential.id)) await backOff(attempt, plan);
      const value = await call(credential);
      return {
        value,
        credentialId: credential.id,
        end: (outcome, details) => {
          grant.report(plan.model, outcome, details);
          void grant.release();
        },
      };
    } catch (err) {
      if (!(err instanceof UpstreamError)) {
        void grant.release();
        throw err;
      }
      const delivered = grant.deliver(plan.model, err.outcome, reportDetails(err));
      void grant.release();
      const again = WORTH_ANOTHER_TRY.includes(err.fault) && err.submitted === 'no' && attempt < plan.maxTries;
      if (!again) throw err;
      await Promise.race([delivered, sleep(REPORT_WAIT_MS, undefined, { ref: false })]);
      failed.push(credential.id);
      lastError = err;
    }
  }
}

/** What a report tells of a failed call. */
export function reportDetails({ retryAfterMs, message }: UpstreamError): ReportDetails {
  return { message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

async function takeGrant(
  client: CredentialClient,
  { model, waitMs, signal, sticky }: CallPlan,
  avoid: readonly string[],
  lastError: UpstreamError | undefined,
): Promise<HeldGrant> {
  const taken = await client.acquire([model], { signal, avoid, sticky, waitMs });
  if (taken.status === 'granted') return taken;
  // What was wrong with the upstream says more than that nothing else is there to try.
  if (lastError?.fault === 'transient') throw lastError;
  if (taken.reason === 'pool_unavailable') throw new PoolUnavailableError();
  throw new NoCredentialError(taken.reason, taken.retryAfterMs);
}

async function backOff(attempt: number, { random, signal }: CallPlan): Promise<void> {
  await pause(FIRST_BACKOFF_MS * 2 ** (attempt - 2) * (0.5 + random()), signal);
}

/** @throws the signal's reason */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch((err: unknown) => {
    signal.throwIfAborted();
    throw err;
  });
}
