import { type Credential, errorMessage, type TaskError } from '@grok2api/contracts';
import type { CredentialClient, HeldGrant } from '@grok2api/credential-client';
import { reportDetails } from '@grok2api/credential-client';
import { UpstreamError } from '@grok2api/grok-upstream';
import { backoffMs, pause } from '@grok2api/service-kit';
import type { ClaimedTask } from './claimed-task.js';

const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 10_000;

/** How the upstream is asked to make something for a task. */
export interface Create<Reply> {
  credentials: CredentialClient;
  /** Records, before it is asked, that it is, with this credential. */
  record: (credentialId: string) => Promise<void>;
  /** Asks it. @throws UpstreamError */
  ask: (credential: Credential) => Promise<Reply>;
  /** How a create that failed ends the task; undefined when it may be tried again. `endOfCreate` unless it is told. */
  endOf?: (err: UpstreamError) => TaskError | undefined;
  /** 0 to 1, for jitter. */
  random: () => number;
}

/**
 * Asks the upstream to make what a task is about, and pays for it. That it is asked is recorded before, so that nobody
 * asks again without proof that it did not count. After a proven refusal that another credential, or a later time, may
 * cure, it is asked again. The grant is released.
 * @returns undefined when the task has ended or was handed back
 * @throws TaskLeftError
 */
export async function createOnce<Reply>(
  claimed: ClaimedTask,
  firstGrant: HeldGrant | undefined,
  create: Create<Reply>,
): Promise<{ reply: Reply } | undefined> {
  let grant = firstGrant;
  try {
    for (let attempt = 0; ; attempt++) {
      if (!claimed.stopping.aborted) grant ??= await acquire(claimed, create);
      if (!grant || claimed.stopping.aborted) {
        await claimed.handBack();
        return undefined;
      }
      const outcome = await askOnce(claimed, grant, create);
      if ('reply' in outcome) return outcome;
      if (outcome.refusal === undefined) return undefined;
      await grant.release();
      grant = undefined;
      const wait = backoffMs(attempt, FIRST_BACKOFF_MS, LONGEST_BACKOFF_MS, create.random);
      if (outcome.refusal.fault === 'transient') await pause(wait, claimed.left, claimed.stopping);
    }
  } finally {
    // Not awaited: what was made is to be recorded at once.
    void grant?.release();
  }
}

/** How a failed create ends a task; undefined when it may be tried again. */
export function endOfCreate(err: UpstreamError): TaskError | undefined {
  const failure = (code: 'content_policy_violation' | 'submit_outcome_unknown' | 'upstream_rejected') => ({
    code,
    message: errorMessage(code, { reason: err.message }),
  });
  if (err.fault === 'moderated') return failure('content_policy_violation');
  if (err.submitted === 'unknown') return failure('submit_outcome_unknown');
  return err.fault === 'bad_request' ? failure('upstream_rejected') : undefined;
}

/** One create; the refusal is undefined when it ended the task. */
async function askOnce<Reply>(
  claimed: ClaimedTask,
  grant: HeldGrant,
  { record, ask, endOf = endOfCreate }: Create<Reply>,
): Promise<{ reply: Reply } | { refusal: UpstreamError | undefined }> {
  const { upstreamModel } = claimed.task;
  await record(grant.credential.id);
  claimed.reached('after-intent');
  let reply: Reply;
  try {
    reply = await ask(grant.credential);
  } catch (err) {
    if (!(err instanceof UpstreamError)) throw err;
    grant.report(upstreamModel, err.outcome, reportDetails(err));
    claimed.log.warn({ err, fault: err.fault, submitted: err.submitted }, 'the upstream did not take the task');
    const end = endOf(err);
    if (end) {
      await claimed.fail(end);
      return { refusal: undefined };
    }
    await claimed.retract();
    return { refusal: err };
  }
  claimed.reached('after-create');
  grant.report(upstreamModel, 'ok');
  return { reply };
}

/** Waits for a credential that can serve the task; undefined when this process stops. @throws TaskLeftError */
async function acquire<Reply>(claimed: ClaimedTask, { credentials }: Create<Reply>): Promise<HeldGrant | undefined> {
  const signal = AbortSignal.any([claimed.left, claimed.stopping]);
  while (!signal.aborted) {
    const grant = await credentials.acquire([claimed.task.upstreamModel], { signal }).catch((err: unknown) => {
      if (signal.aborted) return undefined;
      throw err;
    });
    if (grant?.status === 'granted') return grant;
    if (grant) await pause(Math.min(grant.retryAfterMs, LONGEST_BACKOFF_MS), signal);
  }
  claimed.throwIfLeft();
  return undefined;
}
