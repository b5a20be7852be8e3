import { errorMessage, videoMediaId } from '@grok2api/contracts';
import type { HeldGrant } from '@grok2api/credential-client';
import type { ClaimedTask } from '@grok2api/task-engine';
import type { VideoDependencies } from './dependencies.js';
import { downloadVideo } from './download.js';
import { type DoneJob, followJob } from './follow.js';
import { submitVideo } from './submit.js';

/**
 * Brings one video task on, from wherever its last worker left it: submit, follow the upstream's job, download the
 * video, end, count. When this process stops, the task is handed back between two steps.
 * @throws TaskLeftError when the task is not this worker's any more
 */
export async function runVideoTask(
  claimed: ClaimedTask,
  grant: HeldGrant | undefined,
  dependencies: VideoDependencies,
): Promise<void> {
  if (claimed.task.upstreamJobId === undefined) {
    if (claimed.task.submitIntentAt) {
      // The worker before died between asking and writing the answer down.
      await claimed.fail({ code: 'submit_outcome_unknown', message: errorMessage('submit_outcome_unknown') });
      return;
    }
    const submitted = await submitVideo(claimed, grant, dependencies);
    if (!submitted) return;
  }

  for (let attempt = 0; ; attempt++) {
    const job = await followJob(claimed, dependencies);
    if (!job) return;
    const mediaId = videoMediaId(claimed.task.id);
    const stored = await downloadVideo(claimed, job.url, mediaId, attempt, dependencies);
    if (stored === 'again') continue;
    if (stored === 'stored') await claimed.complete({ media: [mediaId] }, job.costUsdTicks);
    recordUsage(claimed, job, dependencies);
    return;
  }
}

/** Counts a video that was made, and paid for, once its task has ended: of several workers one writes the end. */
function recordUsage({ task }: ClaimedTask, { costUsdTicks }: DoneJob, { usage }: VideoDependencies): void {
  if (task.kind !== 'video') return;
  usage.record({
    credentialId: task.credentialId ?? '',
    model: task.upstreamModel,
    owner: task.owner,
    videoSeconds: task.params.video_length,
    ...(costUsdTicks === undefined ? {} : { costUsdTicks }),
  });
}
