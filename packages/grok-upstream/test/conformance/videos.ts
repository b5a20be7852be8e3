import { expect, it } from 'vitest';
import { failureOf, untilDone, VIDEO } from '../support.js';
import { FAILED_CREATES, type Stage } from './stage.js';

/** What every driver must do with videos. */
export function describeVideos(stage: () => Stage): void {
  const create = (credential = stage().credential) => stage().upstream.createVideo(credential, VIDEO, untilDone());
  const poll = (credential = stage().credential) => stage().upstream.pollVideo(credential, 'job-1', untilDone());

  it('creates a job with one call', async () => {
    stage().play('accepts');
    expect(await create()).toEqual({ jobId: 'job-1' });
    expect(stage().callCount()).toBe(1);
  });

  it.each(FAILED_CREATES)(
    'create, %s: %s, report %s, submitted %s, asked once',
    async (situation, fault, outcome, submitted) => {
      stage().play(situation);
      expect(await failureOf(create())).toMatchObject({ fault, outcome, submitted });
      expect(stage().callCount()).toBe(1);
    },
  );

  it('tells how long a rate limit lasts', async () => {
    stage().play('rate limited');
    expect((await failureOf(create())).retryAfterMs).toBe(3000);
  });

  it('proves that a create did not leave when nothing listens', async () => {
    const error = await failureOf(create(stage().unreachable));
    expect(error).toMatchObject({ fault: 'transient', outcome: 'fault', submitted: 'no' });
  });

  it.each([
    ['pending', { status: 'pending', progress: 37 }],
    ['done', { status: 'done', url: 'https://videos.example/1.mp4' }],
    ['job moderated', { status: 'failed', fault: 'moderated' }],
    ['job failed', { status: 'failed', fault: 'upstream_failed' }],
    ['bad request', { status: 'failed', fault: 'bad_request' }],
  ] as const)('polls a job, %s', async (situation, job) => {
    stage().play(situation);
    expect(await poll()).toMatchObject(job);
  });

  it.each([
    ['job unknown', 'job_gone', 'not_counted'],
    ['rate limited', 'transient', 'rate_limited'],
    ['wrong key', 'transient', 'fault'],
    ['not permitted', 'transient', 'fault'],
    ['no credits', 'transient', 'no_credits'],
    ['broken', 'transient', 'fault'],
    ['overloaded proxy', 'transient', 'fault'],
    ['answer cut', 'transient', 'fault'],
    ['answer unreadable', 'transient', 'fault'],
    ['silent', 'transient', 'fault'],
  ] as const)('poll, %s: %s, report %s', async (situation, fault, outcome) => {
    stage().play(situation);
    expect(await failureOf(poll())).toMatchObject({ fault, outcome, submitted: 'no' });
  });

  it.each(['create', 'poll'] as const)('leaves a %s when the signal is aborted', async (call) => {
    stage().play('silent');
    const abort = new AbortController();
    const options = { signal: abort.signal };
    const failure = failureOf(
      call === 'create'
        ? stage().upstream.createVideo(stage().credential, VIDEO, options)
        : stage().upstream.pollVideo(stage().credential, 'job-1', options),
    );
    const { closed } = await stage().firstCall();
    abort.abort();
    const submitted = call === 'create' ? 'unknown' : 'no';
    expect(await failure).toMatchObject({ fault: 'aborted', outcome: 'not_counted', submitted });
    await closed;
  });

  it('does not begin a call whose signal is aborted already', async () => {
    stage().play('accepts');
    const failure = stage().upstream.createVideo(stage().credential, VIDEO, { signal: AbortSignal.abort() });
    expect(await failureOf(failure)).toMatchObject({ fault: 'aborted', submitted: 'no' });
    expect(stage().callCount()).toBe(0);
  });
}
