import type { Credential } from '@grok2api/contracts';
import { z } from 'zod';
import type { CallOptions } from '../grok-upstream.js';
import type { UpstreamVideoRequest, VideoJob } from '../videos.js';
import { cleanMessage } from './clean-message.js';
import type { XaiClient } from './client.js';
import { readErrorBody } from './error-body.js';
import { isSuccess, saysModerated } from './faults.js';
import { lenient } from './lenient.js';
import { refusalOf } from './refusal.js';

// Goes into a path and a row: nothing that could not be encoded.
const createdSchema = z.object({ request_id: z.string().regex(/^[\x21-\x7e]{1,256}$/) });

const jobSchema = z.object({
  status: lenient(z.string()),
  progress: lenient(z.number()),
  video: lenient(
    z.object({
      url: lenient(z.url({ protocol: /^https?$/ }).max(8192)),
      duration: lenient(z.number().positive()),
      respect_moderation: lenient(z.boolean()),
    }),
  ),
  usage: lenient(z.object({ cost_in_usd_ticks: lenient(z.number().nonnegative()) })),
});
type JobBody = z.infer<typeof jobSchema>;

/** `POST /videos/generations`. @throws UpstreamError */
export async function createVideo(
  client: XaiClient,
  credential: Credential,
  request: UpstreamVideoRequest,
  options: CallOptions,
): Promise<{ jobId: string }> {
  const body = {
    model: request.model,
    prompt: request.prompt,
    duration: request.durationS,
    aspect_ratio: request.aspectRatio,
    resolution: request.resolution,
    ...(request.imageUrl === undefined ? {} : { image: { url: request.imageUrl } }),
  };
  const call = { kind: 'create', method: 'POST', path: '/videos/generations', body } as const;
  const answer = await client.call(credential, call, options);
  const created = createdSchema.safeParse(answer.json);
  if (isSuccess(answer.status) && created.success) return { jobId: created.data.request_id };
  throw refusalOf('create', answer, credential);
}

/** `GET /videos/{request_id}`. @throws UpstreamError `transient`, `job_gone`, `aborted` */
export async function pollVideo(
  client: XaiClient,
  credential: Credential,
  jobId: string,
  options: CallOptions,
): Promise<VideoJob> {
  const path = `/videos/${encodeURIComponent(jobId)}`;
  const answer = await client.call(credential, { kind: 'poll', method: 'GET', path }, options);
  if (isSuccess(answer.status)) {
    const job = jobSchema.safeParse(answer.json);
    const isError = readErrorBody(answer.json) !== undefined && job.data?.status === undefined;
    if (job.success && !isError) return readJob(job.data, answer.json, credential);
    // 202 alone says pending; its body is often empty.
    if (answer.status === 202 && !isError) return { status: 'pending' };
  }
  const error = refusalOf('poll', answer, credential);
  if (error.fault === 'moderated' || error.fault === 'bad_request') {
    return { status: 'failed', fault: error.fault, message: error.message };
  }
  throw error;
}

function readJob(job: JobBody, json: unknown, credential: Credential): VideoJob {
  switch (job.status) {
    case 'done':
      return readDone(job);
    case 'failed':
      return readFailed(json, credential);
    case 'expired':
      return { status: 'failed', fault: 'upstream_failed', message: 'the job expired at the upstream' };
    default:
      // A status that is not known may be a new name for a step on the way. The caller's deadline ends it.
      return job.progress === undefined
        ? { status: 'pending' }
        : { status: 'pending', progress: Math.min(100, Math.max(0, Math.floor(job.progress))) };
  }
}

function readDone({ video, usage }: JobBody): VideoJob {
  if (video?.url !== undefined) {
    const { duration } = video;
    const cost = usage?.cost_in_usd_ticks;
    return {
      status: 'done',
      url: video.url,
      ...(duration === undefined ? {} : { durationS: duration }),
      ...(cost === undefined ? {} : { costUsdTicks: cost }),
    };
  }
  return video?.respect_moderation === false
    ? { status: 'failed', fault: 'moderated', message: 'the video was refused by moderation' }
    : { status: 'failed', fault: 'upstream_failed', message: 'the job is done but has no usable URL' };
}

function readFailed(json: unknown, credential: Credential): VideoJob {
  const { code, text } = readErrorBody(json) ?? { code: '', text: '' };
  const fault = saysModerated(`${code} ${text}`)
    ? 'moderated'
    : /invalid.argument|failed.precondition/.test(code)
      ? 'bad_request'
      : 'upstream_failed';
  const message = cleanMessage(text, credential.secret) || cleanMessage(code, credential.secret);
  return { status: 'failed', fault, message: message || 'the job failed at the upstream' };
}
