import { errorMessage, type ImageParams, imageMediaId, type TaskError } from '@grok2api/contracts';
import type { HeldGrant } from '@grok2api/credential-client';
import type { UpstreamError, UpstreamImages } from '@grok2api/grok-upstream';
import type { MediaStore } from '@grok2api/media-store';
import { type ClaimedTask, createOnce, endOfCreate } from '@grok2api/task-engine';
import { askForImages, usageOf } from './ask.js';
import { countImages } from './count-images.js';
import type { ImageDependencies } from './dependencies.js';
import { imagesOf } from './images-of.js';
import { storeImage } from './store-image.js';
import { toUpstreamRequest, type WantedImages } from './upstream-request.js';

/** The last percent is the end itself. */
const MAX_RUNNING_PROGRESS = 99;
const EXTENSIONS = ['jpg', 'png', 'webp'] as const;

/**
 * Brings one image task on, from wherever its last worker left it. What that one has stored is the result; where it has
 * stored nothing, but may have asked the upstream, nobody asks again.
 * @throws TaskLeftError when the task is not this worker's any more
 */
export async function runImageTask(
  claimed: ClaimedTask,
  grant: HeldGrant | undefined,
  dependencies: ImageDependencies,
): Promise<void> {
  try {
    const { task } = claimed;
    if (task.kind !== 'image') throw new Error(`${task.id} is no image task`);
    if (task.submitIntentAt) {
      const stored = await storedImages(task.id, task.params, dependencies.media);
      if (stored.length > 0) return await claimed.complete({ media: stored });
      if (task.credentialId !== undefined) {
        const message = errorMessage('submit_outcome_unknown');
        return await claimed.fail({ code: 'submit_outcome_unknown', message });
      }
    }
    const { upstreamModel, prompt, params } = task;
    await makeImages(claimed, { upstreamModel, prompt, params }, grant, dependencies);
  } finally {
    void grant?.release();
  }
}

async function makeImages(
  claimed: ClaimedTask,
  wanted: WantedImages,
  grant: HeldGrant | undefined,
  dependencies: ImageDependencies,
): Promise<void> {
  const { credentials, usage, upstream, timeoutMs, random } = dependencies;
  const { id: requestId, owner } = claimed.task;
  const created = await createOnce(claimed, grant, {
    credentials,
    random,
    record: (credentialId) => claimed.begin(credentialId),
    ask: async (credential) => {
      const reply = await upstream.createImages(credential, toUpstreamRequest(wanted, wanted.params.n), {
        signal: claimed.left,
        requestId,
        timeoutMs,
      });
      usage.record({ credentialId: credential.id, model: wanted.upstreamModel, owner, ...usageOf(reply) });
      return reply;
    },
    endOf: endOfImages,
  });
  if (created) await storeImages(claimed, wanted, created.reply, dependencies);
}

async function storeImages(
  claimed: ClaimedTask,
  wanted: WantedImages,
  first: UpstreamImages,
  dependencies: ImageDependencies,
): Promise<void> {
  const { id, owner } = claimed.task;
  const count = wanted.params.n;
  // Not recorded as the first ask was: whatever becomes of it, what is stored by then is the result.
  const askAgain = (missing: number) => {
    const signal = AbortSignal.any([claimed.left, AbortSignal.timeout(dependencies.timeoutMs)]);
    return askForImages(wanted, missing, { owner, requestId: id, signal }, dependencies).catch((err: unknown) => {
      claimed.throwIfLeft();
      claimed.log.warn({ err, missing }, 'the missing images did not come either');
      return undefined;
    });
  };
  const images = imagesOf(first, { wanted: count, askAgain, log: claimed.log });
  const media: string[] = [];
  let next = await images.next();
  for (; !next.done; next = await images.next()) {
    const mediaId = imageMediaId(id, media.length, next.value.type);
    await storeImage(mediaId, next.value, claimed.left, dependencies);
    media.push(mediaId);
    await claimed.advance(Math.min(Math.floor((100 * media.length) / count), MAX_RUNNING_PROGRESS));
  }
  countImages(dependencies.imageCounter, next.value);
  const { costUsdTicks } = next.value;
  if (media.length > 0) await claimed.complete({ media }, costUsdTicks);
  else await claimed.fail(upstreamError('what it sent is no image'));
}

/** The images of a task that are in the store, in order. */
async function storedImages(taskId: string, { n }: ImageParams, media: MediaStore): Promise<string[]> {
  const ids = Array.from({ length: n }, (_, index) =>
    EXTENSIONS.map((extension) => imageMediaId(taskId, index, extension)),
  ).flat();
  const stats = await Promise.all(ids.map((id) => media.stat(id)));
  return ids.filter((_, index) => stats[index] !== undefined);
}

/** As of every create, except that a whole answer without an image is known to be one. */
function endOfImages(err: UpstreamError): TaskError | undefined {
  return err.fault === 'transient' && err.status === 200 ? upstreamError(err.message) : endOfCreate(err);
}

function upstreamError(reason: string): TaskError {
  return { code: 'upstream_error', message: errorMessage('upstream_error', { reason }) };
}
