import { type Answer, jsonAnswer } from '../wire/answer.js';
import { contentModerated } from '../wire/content-moderated.js';
import { doneAt, type Job } from './job.js';
import { type FailureCode, outcomeOf } from './magic-words.js';

const EMPTY_EVERY = 3;
const TICKS_PER_USD = 10_000_000_000;
const USD_PER_SECOND = { '480p': 0.05, '720p': 0.07 };

/** What the answer to a poll depends on besides the job. */
export interface Poll {
  now: number;
  /** 1 for the first poll of the job. */
  number: number;
  /** Where the video is, once it is done. */
  videoUrl: string;
}

/**
 * The answer to a poll. While a job is pending it is 202 with the progress, and every third time with an empty body.
 * @throws XaiError for the job whose moderation shows on the poll
 */
export function pollAnswer(job: Job, poll: Poll): Answer {
  const done = doneAt(job);
  if (done === null || poll.now < done) return pendingAnswer(job, poll);
  const outcome = outcomeOf(job.prompt);
  switch (outcome.kind) {
    case 'moderated':
      if (outcome.on === 'poll') throw contentModerated('video');
      if (outcome.on === 'failed') return failedAnswer('invalid_argument', 'Generated video rejected by moderation.');
      return doneAnswer(job, { duration: job.duration, respect_moderation: false });
    case 'failed':
      return failedAnswer(outcome.code, `The video could not be generated (${outcome.code}).`);
    case 'expired':
      return jsonAnswer({ status: 'expired' });
    default:
      return doneAnswer(job, { url: poll.videoUrl, duration: job.duration, respect_moderation: true });
  }
}

/** A job that ended without a video. */
export function failedAnswer(code: FailureCode, message: string): Answer {
  return jsonAnswer({ status: 'failed', error: { code, message } });
}

function pendingAnswer(job: Job, { now, number }: Poll): Answer {
  if (number % EMPTY_EVERY === 0) return { status: 202, body: { kind: 'empty' } };
  const share = job.generation_ms === 0 ? 1 : (now - job.created_at) / job.generation_ms;
  const progress = Math.max(0, Math.min(99, Math.floor(share * 100)));
  return { status: 202, body: { kind: 'json', value: { status: 'pending', progress } } };
}

function doneAnswer(job: Job, video: Record<string, unknown>): Answer {
  return jsonAnswer({
    status: 'done',
    progress: 100,
    model: job.model,
    video,
    usage: { cost_in_usd_ticks: Math.round(job.duration * USD_PER_SECOND[job.resolution] * TICKS_PER_USD) },
  });
}
