import { errorMessage, type TaskError } from '@grok2api/contracts';
import type { HeldGrant } from '@grok2api/credential-client';
import { applyPreset, UpstreamError, type UpstreamVideoRequest } from '@grok2api/grok-upstream';
import { PictureError } from '@grok2api/pictures';
import type { ClaimedTask } from '@grok2api/task-engine';
import { backoffMs, pause } from './backoff.js';
import type { VideoDependencies } from './dependencies.js';

const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 10_000;

/**
 * Asks the upstream to make the video, and writes its job id down. The intent is written before, so that nobody asks
 * again without proof that the first time did not count. After a proven refusal that another credential, or a later
 * time, may cure it tries again.
 * @returns false when the task has ended or was handed back
 * @throws TaskLeftError
 */
export async function submitVideo(
  claimed: ClaimedTask,
  firstGrant: HeldGrant | undefined,
  dependencies: VideoDependencies,
): Promise<boolean> {
  let grant = firstGrant;
  try {
    const request = await toUpstreamRequest(claimed, dependencies);
    if (!request) return false;
    for (let attempt = 0; ; attempt++) {
      if (!claimed.stopping.aborted) grant ??= await acquire(claimed, dependencies);
      if (!grant || claimed.stopping.aborted) {
        await claimed.handBack();
        return false;
      }
      const refusal = await askOnce(claimed, grant, request, dependencies);
      if (!refusal) return true;
      if (refusal === 'ended') return false;
      await grant.release();
      grant = undefined;
      const wait = backoffMs(attempt, FIRST_BACKOFF_MS, LONGEST_BACKOFF_MS, dependencies.random);
      if (refusal.fault === 'transient') await pause(wait, claimed.left, claimed.stopping);
    }
  } finally {
    await grant?.release();
  }
}

/** One create. Resolves to nothing when the upstream took it, to the error when it provably did not. */
async function askOnce(
  claimed: ClaimedTask,
  grant: HeldGrant,
  request: UpstreamVideoRequest,
  { upstream }: VideoDependencies,
): Promise<UpstreamError | 'ended' | undefined> {
  await claimed.intend(grant.credential.id);
  let jobId: string;
  try {
    ({ jobId } = await upstream.createVideo(grant.credential, request, { signal: claimed.left }));
  } catch (err) {
    if (!(err instanceof UpstreamError)) throw err;
    grant.report(request.model, err.outcome, {
      ...(err.retryAfterMs === undefined ? {} : { retryAfterMs: err.retryAfterMs }),
      message: err.message,
    });
    claimed.log.warn({ err, fault: err.fault, submitted: err.submitted }, 'the upstream did not take the task');
    const end = endOf(err);
    if (end) {
      await claimed.fail(end);
      return 'ended';
    }
    await claimed.retract();
    return err;
  }
  grant.report(request.model, 'ok');
  await claimed.submit(jobId);
  return undefined;
}

/** How a failed create ends the task; undefined when it may be tried again. */
function endOf(err: UpstreamError): TaskError | undefined {
  if (err.fault === 'moderated') {
    return {
      code: 'content_policy_violation',
      message: errorMessage('content_policy_violation', { reason: err.message }),
    };
  }
  if (err.submitted === 'unknown') {
    return { code: 'submit_outcome_unknown', message: errorMessage('submit_outcome_unknown') };
  }
  if (err.fault === 'bad_request') {
    return { code: 'upstream_rejected', message: errorMessage('upstream_rejected', { reason: err.message }) };
  }
  return undefined;
}

/** Waits for a credential that can serve the task; undefined when this process stops. @throws TaskLeftError */
async function acquire(claimed: ClaimedTask, { credentials }: VideoDependencies): Promise<HeldGrant | undefined> {
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

async function toUpstreamRequest(
  claimed: ClaimedTask,
  dependencies: VideoDependencies,
): Promise<UpstreamVideoRequest | undefined> {
  const { upstreamModel, prompt, params } = claimed.task;
  const request: UpstreamVideoRequest = {
    model: upstreamModel,
    prompt: applyPreset(prompt, params.preset, dependencies.presetSuffixes),
    durationS: params.video_length,
    aspectRatio: params.aspect_ratio,
    resolution: params.resolution,
  };
  if (!params.image) return request;
  try {
    return { ...request, imageUrl: await dependencies.pictures.dataUrl(params.image, claimed.left) };
  } catch (err) {
    claimed.throwIfLeft();
    if (!(err instanceof PictureError)) throw err;
    claimed.log.warn({ err }, 'no first frame');
    await claimed.fail({
      code: 'image_fetch_failed',
      message: errorMessage('image_fetch_failed', { reason: err.message }),
    });
    return undefined;
  }
}
