import { randomBytes, randomUUID } from 'node:crypto';
import { coverFrame } from '../pictures/cover-frame.js';
import { readPicture } from '../pictures/read-picture.js';
import { type Answer, jsonAnswer } from '../wire/answer.js';
import { contentModerated } from '../wire/content-moderated.js';
import { keySha256 } from '../wire/key-hash.js';
import type { WireRequest, WireRoute } from '../wire/route.js';
import { notFound } from '../wire/xai-error.js';
import { parseCreateBody } from './create-body.js';
import { FRAME_SIZES, nearestAspectRatio } from './frame-size.js';
import { doneAt, type Job } from './job.js';
import type { JobStore } from './job-store.js';
import { outcomeOf } from './magic-words.js';
import { failedAnswer, pollAnswer } from './poll-answer.js';
import type { Renderer } from './renderer.js';

/** What the video routes work with. Times are milliseconds. */
export interface VideoRouteParts {
  jobs: JobStore;
  renderer: Renderer;
  now: () => number;
  generationMs: number;
  urlTtlMs: number;
}

/** Create a video, poll it, and download it from the URL that the poll gave. */
export function videoRoutes(parts: VideoRouteParts): WireRoute[] {
  return [
    {
      method: 'POST',
      template: '/v1/videos/generations',
      needsKey: true,
      generation: 'video_create',
      handle: (request) => create(parts, request),
    },
    { method: 'GET', template: '/v1/videos/{request_id}', needsKey: true, handle: (request) => poll(parts, request) },
    { method: 'GET', template: '/files/{file}', needsKey: false, handle: (request) => download(parts, request) },
  ];
}

async function create({ jobs, renderer, now, generationMs }: VideoRouteParts, request: WireRequest): Promise<Answer> {
  const { model, prompt, duration, resolution, ...asked } = parseCreateBody(request.body);
  const outcome = outcomeOf(prompt);
  if (outcome.kind === 'moderated' && outcome.on === 'create') throw contentModerated('video');
  const picture = asked.image ? await readPicture(asked.image.url) : undefined;
  const aspectRatio = asked.aspect_ratio ?? (picture ? nearestAspectRatio(picture.width, picture.height) : '16:9');
  const job: Job = {
    request_id: randomUUID(),
    key_sha256: keySha256(request.key),
    prompt,
    model: model.id,
    duration,
    aspect_ratio: aspectRatio,
    resolution,
    has_image: picture !== undefined,
    created_at: now(),
    generation_ms: generationMs,
    rendered_at: null,
    file_token: randomBytes(24).toString('base64url'),
  };
  const size = FRAME_SIZES[resolution][aspectRatio];
  await jobs.add(job, picture && (await coverFrame(picture, size)));
  if (outcome.kind === 'video') void renderer.render(job);
  return { ...jsonAnswer({ request_id: job.request_id }), requestId: job.request_id };
}

function poll({ jobs, renderer, now }: VideoRouteParts, request: WireRequest): Answer {
  const job = jobs.get(request.params.request_id ?? '');
  if (!job || job.key_sha256 !== keySha256(request.key)) {
    throw notFound(`The request ${request.params.request_id} does not exist.`);
  }
  const number = jobs.countPoll(job);
  if (outcomeOf(job.prompt).kind === 'video' && job.rendered_at === null) {
    if (renderer.hasFailed(job)) return failedAnswer('internal_error', 'The simulator could not make the video.');
    void renderer.render(job);
  }
  const videoUrl = `${request.origin}/files/${job.file_token}.mp4`;
  return pollAnswer(job, { now: now(), number, videoUrl });
}

async function download({ jobs, renderer, now, urlTtlMs }: VideoRouteParts, request: WireRequest): Promise<Answer> {
  const token = /^(.+)\.mp4$/.exec(request.params.file ?? '')?.[1];
  const job = token === undefined ? undefined : jobs.getByFileToken(token);
  const done = job && doneAt(job);
  const isLive = typeof done === 'number' && done <= now() && now() < done + urlTtlMs;
  if (!job || !isLive) throw notFound('The file does not exist or has expired.');
  if (!(await jobs.hasVideo(job)) && !(await renderer.render(job))) throw notFound('The file does not exist.');
  return {
    status: 200,
    body: { kind: 'file', path: jobs.videoPath(job), type: 'video/mp4' },
    requestId: job.request_id,
  };
}
