import { errorMessage, type TaskError } from '@grok2api/contracts';
import { PoolUnavailableError } from '@grok2api/credential-client';
import { UpstreamError, type VideoJob, type VideoJobFault } from '@grok2api/grok-upstream';
import { backoffMs, pause } from '@grok2api/service-kit';
import type { ClaimedTask } from '@grok2api/task-engine';
import type { VideoDependencies } from './dependencies.js';
import { PollPace } from './poll-pace.js';

export type DoneJob = Extract<VideoJob, { status: 'done' }>;

const FIRST_POLL_BACKOFF_MS = 1_000;
const LONGEST_POLL_BACKOFF_MS = 10_000;
const POLL_TIMEOUT_MS = 30_000;
/** A job that the upstream does not know this many times in a row is gone. */
const GONE_AFTER = 3;
/** The last percent is this system's own: download and storage. */
const MAX_RUNNING_PROGRESS = 99;

/**
 * Polls the upstream's job, with the credential that made it, until it is done.
 * @returns the finished job, or undefined when the task has ended otherwise or was handed back
 * @throws TaskLeftError
 */
export async function followJob(claimed: ClaimedTask, dependencies: VideoDependencies): Promise<DoneJob | undefined> {
  const { deadlineMs, now, random } = dependencies;
  const deadline = (claimed.task.startedAt?.getTime() ?? now()) + deadlineMs;
  const pace = new PollPace(random);
  let faults = 0;
  let gone = 0;
  for (;;) {
    if (claimed.stopping.aborted) {
      await claimed.handBack();
      return undefined;
    }
    if (now() > deadline) {
      const message = errorMessage('task_timeout', { seconds: Math.round(deadlineMs / 1000) });
      await claimed.fail({ code: 'task_timeout', message });
      return undefined;
    }
    const job = await pollOnce(claimed, dependencies);
    if (job === 'gone' && ++gone >= GONE_AFTER) {
      await claimed.fail(upstreamError('it does not know the job any more'));
      return undefined;
    }
    if (job !== 'gone') gone = 0;
    if (job === 'fault' || job === 'gone') {
      await pause(
        backoffMs(faults++, FIRST_POLL_BACKOFF_MS, LONGEST_POLL_BACKOFF_MS, random),
        claimed.left,
        claimed.stopping,
      );
      continue;
    }
    faults = 0;
    if (job.status === 'done') return job;
    if (job.status === 'failed') {
      await claimed.fail(jobError(job.fault, job.message));
      return undefined;
    }
    await claimed.advance(Math.min(job.progress ?? 0, MAX_RUNNING_PROGRESS));
    await pause(pace.next(job.progress, now()), claimed.left, claimed.stopping);
  }
}

async function pollOnce(claimed: ClaimedTask, dependencies: VideoDependencies): Promise<VideoJob | 'fault' | 'gone'> {
  const { credentials, upstream } = dependencies;
  const { credentialId, upstreamJobId } = claimed.task;
  if (credentialId === undefined || upstreamJobId === undefined)
    throw new Error('a running task has a job and its credential');
  claimed.throwIfLeft();
  try {
    const credential = await credentials.credentialOf(credentialId);
    const signal = AbortSignal.any([claimed.left, AbortSignal.timeout(POLL_TIMEOUT_MS)]);
    return await upstream.pollVideo(credential, upstreamJobId, { signal });
  } catch (err) {
    claimed.throwIfLeft();
    if (err instanceof UpstreamError) {
      claimed.log.warn({ err, fault: err.fault }, 'a poll failed');
      return err.fault === 'job_gone' ? 'gone' : 'fault';
    }
    if (err instanceof PoolUnavailableError) {
      claimed.log.warn({ err }, 'no credential to poll with');
      return 'fault';
    }
    throw err;
  }
}

function jobError(fault: VideoJobFault, reason: string): TaskError {
  if (fault === 'moderated') {
    return { code: 'content_policy_violation', message: errorMessage('content_policy_violation', { reason }) };
  }
  if (fault === 'bad_request')
    return { code: 'upstream_rejected', message: errorMessage('upstream_rejected', { reason }) };
  return upstreamError(reason);
}

function upstreamError(reason: string): TaskError {
  return { code: 'upstream_error', message: errorMessage('upstream_error', { reason }) };
}
