import type { Credential } from '@grok2api/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GrokUpstream } from '../src/index.js';
import { failureOf, untilDone, VIDEO } from './support.js';

/** What an upstream may do, in words that do not depend on its protocol. */
export type Situation =
  | 'accepts' // creates become the job `job-1`
  | 'pending' // the job is at 37 %
  | 'done' // the video is at https://videos.example/1.mp4
  | 'moderated' // creates are refused for their content
  | 'job moderated' // the job ends so
  | 'job failed'
  | 'job unknown'
  | 'bad request'
  | 'rate limited' // for three seconds
  | 'wrong key'
  | 'not permitted'
  | 'no credits'
  | 'broken' // says that it could not do it
  | 'overloaded proxy' // a proxy does not know what became of the call
  | 'answer cut'
  | 'answer unreadable'
  | 'silent'
  | 'key good'
  | 'key blocked'
  | 'models'; // chat-1 (alias chat), image-1, video-1

/** A driver and an upstream that can be put into each situation. */
export interface Stage {
  /** Gives up a call after at most some seconds. */
  upstream: GrokUpstream;
  credential: Credential;
  /** The same, but nothing listens at its base URL. */
  unreachable: Credential;
  play(situation: Situation): void;
  /** How many calls have arrived. */
  callCount(): number;
  /** Waits for the first call to arrive; its `closed` ends when the upstream sees that its caller has left. */
  firstCall(): Promise<{ closed: Promise<void> }>;
  stop(): Promise<void>;
}

/** What every driver of GrokUpstream must do. */
export function describeGrokUpstream(driver: string, start: () => Promise<Stage>): void {
  describe(`GrokUpstream by ${driver}`, () => {
    let stage: Stage;
    beforeEach(async () => {
      stage = await start();
    });
    afterEach(async () => {
      await stage.upstream.close();
      await stage.stop();
    });
    const create = (credential = stage.credential) => stage.upstream.createVideo(credential, VIDEO, untilDone());
    const poll = (credential = stage.credential) => stage.upstream.pollVideo(credential, 'job-1', untilDone());

    it('creates a job with one call', async () => {
      stage.play('accepts');
      expect(await create()).toEqual({ jobId: 'job-1' });
      expect(stage.callCount()).toBe(1);
    });

    it.each([
      ['moderated', 'moderated', 'not_counted', 'no'],
      ['bad request', 'bad_request', 'not_counted', 'no'],
      ['rate limited', 'rate_limited', 'rate_limited', 'no'],
      ['wrong key', 'credential_dead', 'dead', 'no'],
      ['not permitted', 'not_permitted', 'not_permitted', 'no'],
      ['no credits', 'no_credits', 'no_credits', 'no'],
      ['broken', 'transient', 'fault', 'no'],
      ['overloaded proxy', 'transient', 'fault', 'unknown'],
      ['answer cut', 'transient', 'fault', 'unknown'],
      ['answer unreadable', 'transient', 'fault', 'unknown'],
      ['silent', 'transient', 'fault', 'unknown'],
    ] as const)('create, %s: %s, report %s, submitted %s, asked once', async (situation, fault, outcome, submitted) => {
      stage.play(situation);
      expect(await failureOf(create())).toMatchObject({ fault, outcome, submitted });
      expect(stage.callCount()).toBe(1);
    });

    it('tells how long a rate limit lasts', async () => {
      stage.play('rate limited');
      expect((await failureOf(create())).retryAfterMs).toBe(3000);
    });

    it('proves that a create did not leave when nothing listens', async () => {
      const error = await failureOf(create(stage.unreachable));
      expect(error).toMatchObject({ fault: 'transient', outcome: 'fault', submitted: 'no' });
    });

    it.each([
      ['pending', { status: 'pending', progress: 37 }],
      ['done', { status: 'done', url: 'https://videos.example/1.mp4' }],
      ['job moderated', { status: 'failed', fault: 'moderated' }],
      ['job failed', { status: 'failed', fault: 'upstream_failed' }],
      ['bad request', { status: 'failed', fault: 'bad_request' }],
    ] as const)('polls a job, %s', async (situation, job) => {
      stage.play(situation);
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
      stage.play(situation);
      expect(await failureOf(poll())).toMatchObject({ fault, outcome, submitted: 'no' });
    });

    it.each(['create', 'poll'] as const)('leaves a %s when the signal is aborted', async (call) => {
      stage.play('silent');
      const abort = new AbortController();
      const options = { signal: abort.signal };
      const failure = failureOf(
        call === 'create'
          ? stage.upstream.createVideo(stage.credential, VIDEO, options)
          : stage.upstream.pollVideo(stage.credential, 'job-1', options),
      );
      const { closed } = await stage.firstCall();
      abort.abort();
      const submitted = call === 'create' ? 'unknown' : 'no';
      expect(await failure).toMatchObject({ fault: 'aborted', outcome: 'not_counted', submitted });
      await closed;
    });

    it('does not begin a call whose signal is aborted already', async () => {
      stage.play('accepts');
      const failure = stage.upstream.createVideo(stage.credential, VIDEO, { signal: AbortSignal.abort() });
      expect(await failureOf(failure)).toMatchObject({ fault: 'aborted', submitted: 'no' });
      expect(stage.callCount()).toBe(0);
    });

    it('lists the models by kind', async () => {
      stage.play('models');
      expect(await stage.upstream.listModels(stage.credential, untilDone())).toEqual([
        { kind: 'chat', id: 'chat-1', aliases: ['chat'] },
        { kind: 'image', id: 'image-1', aliases: [] },
        { kind: 'video', id: 'video-1', aliases: [] },
      ]);
    });

    it.each([
      ['key good', { usable: true }],
      ['key blocked', { usable: false, reason: 'key_blocked' }],
      ['wrong key', { usable: false, reason: 'wrong_key' }],
    ] as const)('checks a key, %s', async (situation, state) => {
      stage.play(situation);
      expect(await stage.upstream.checkKey(stage.credential, untilDone())).toMatchObject(state);
    });

    it.each(['broken', 'answer unreadable', 'silent'] as const)('does not judge a key when %s', async (situation) => {
      stage.play(situation);
      const failure = failureOf(stage.upstream.checkKey(stage.credential, untilDone()));
      expect(await failure).toMatchObject({ fault: 'transient' });
    });
  });
}
