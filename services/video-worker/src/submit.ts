import { errorMessage } from '@grok2api/contracts';
import type { HeldGrant } from '@grok2api/credential-client';
import { applyPreset, type UpstreamVideoRequest } from '@grok2api/grok-upstream';
import { PictureError } from '@grok2api/pictures';
import { type ClaimedTask, createOnce } from '@grok2api/task-engine';
import type { VideoDependencies } from './dependencies.js';

/**
 * Asks the upstream to make the video, and writes its job id down.
 * @returns false when the task has ended or was handed back
 * @throws TaskLeftError
 */
export async function submitVideo(
  claimed: ClaimedTask,
  grant: HeldGrant | undefined,
  dependencies: VideoDependencies,
): Promise<boolean> {
  const { credentials, upstream, random } = dependencies;
  try {
    const request = await toUpstreamRequest(claimed, dependencies);
    if (!request) return false;
    const created = await createOnce(claimed, grant, {
      credentials,
      random,
      record: (credentialId) => claimed.intend(credentialId),
      ask: (credential) => upstream.createVideo(credential, request, { signal: claimed.left }),
    });
    if (!created) return false;
    await claimed.submit(created.reply.jobId);
    return true;
  } finally {
    void grant?.release();
  }
}

async function toUpstreamRequest(
  claimed: ClaimedTask,
  dependencies: VideoDependencies,
): Promise<UpstreamVideoRequest | undefined> {
  const { task } = claimed;
  if (task.kind !== 'video') throw new Error(`${task.id} is no video task`);
  const { upstreamModel, prompt, params } = task;
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
