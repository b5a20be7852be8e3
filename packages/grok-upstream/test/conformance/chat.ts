import { describe, expect, it } from 'vitest';
import { CHAT, failureOf, readAll, untilDone } from '../support.js';
import type { Stage } from './stage.js';

const USAGE = {
  prompt_tokens: 3,
  completion_tokens: 4,
  total_tokens: 7,
  completion_tokens_details: { reasoning_tokens: 2 },
};

const step = (content: string) => ({
  type: 'deltas',
  choices: [{ index: 0, delta: { content }, finish_reason: null }],
});

/** What every driver must do with chats. */
export function describeChat(stage: () => Stage): void {
  const complete = (credential = stage().credential) => stage().upstream.completeChat(credential, CHAT, untilDone());
  const stream = (credential = stage().credential, options = untilDone()) =>
    stage().upstream.streamChat(credential, CHAT, { ...options, idleTimeoutMs: 1000 });
  const calls = { whole: complete, streamed: stream };

  it('answers whole, with honest usage', async () => {
    stage().play('answers');
    expect(await complete()).toMatchObject({
      choices: [
        { index: 0, message: { role: 'assistant', content: 'Hello there', refusal: null }, finish_reason: 'stop' },
      ],
      usage: USAGE,
    });
  });

  it('answers as it goes, with honest usage at the end', async () => {
    stage().play('answers');
    const { events, failure } = await readAll(await stream());
    expect(failure).toBeUndefined();
    expect(events).toMatchObject([
      step('Hello'),
      step(' there'),
      { type: 'deltas', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
      { type: 'usage', usage: USAGE },
    ]);
  });

  describe.each(['whole', 'streamed'] as const)('%s', (kind) => {
    it.each([
      ['moderated', 'moderated', 'not_counted'],
      ['bad request', 'bad_request', 'not_counted'],
      ['model unknown', 'bad_request', 'not_counted'],
      ['rate limited', 'rate_limited', 'rate_limited'],
      ['wrong key', 'credential_dead', 'dead'],
      ['not permitted', 'not_permitted', 'not_permitted'],
      ['no credits', 'no_credits', 'no_credits'],
      ['broken', 'transient', 'fault'],
      ['overloaded proxy', 'transient', 'fault'],
      ['answer cut', 'transient', 'fault'],
      ['answer unreadable', 'transient', 'fault'],
      ['answers nothing', 'transient', 'fault'],
    ] as const)('%s: %s, report %s, never submitted', async (situation, fault, outcome) => {
      stage().play(situation);
      const error = await failureOf(calls[kind]());
      const unknownModel = situation === 'model unknown';
      expect(error).toMatchObject({ fault, outcome, submitted: 'no', unknownModel });
      expect(stage().callCount()).toBe(1);
    });

    it('tells how long a rate limit lasts', async () => {
      stage().play('rate limited');
      expect((await failureOf(calls[kind]())).retryAfterMs).toBe(3000);
    });

    it('may be tried elsewhere when nothing listens', async () => {
      const error = await failureOf(calls[kind](stage().unreachable));
      expect(error).toMatchObject({ fault: 'transient', outcome: 'fault', submitted: 'no' });
    });

    it('is left when the signal is aborted', async () => {
      stage().play('silent');
      const abort = new AbortController();
      const options = { signal: abort.signal, idleTimeoutMs: 60_000 };
      const { upstream, credential } = stage();
      const failure = failureOf(
        kind === 'whole'
          ? upstream.completeChat(credential, CHAT, options)
          : upstream.streamChat(credential, CHAT, options),
      );
      const { closed } = await stage().firstCall();
      abort.abort();
      expect(await failure).toMatchObject({ fault: 'aborted', outcome: 'not_counted', submitted: 'no' });
      await closed;
    });
  });

  it('gives up a stream that does not begin', async () => {
    stage().play('silent');
    expect(await failureOf(stream())).toMatchObject({ fault: 'transient', outcome: 'fault', submitted: 'no' });
    await (await stage().firstCall()).closed;
  });

  it.each([
    ['answer breaks', 'transient', 'fault'],
    ['answer stops', 'transient', 'fault'],
    ['answer fails', 'rate_limited', 'rate_limited'],
  ] as const)('gives what came before the fault, %s: %s, report %s', async (situation, fault, outcome) => {
    stage().play(situation);
    const { events, failure } = await readAll(await stream());
    expect(events).toMatchObject([step('Hello')]);
    expect(failure).toMatchObject({ fault, outcome, submitted: 'no' });
    await (await stage().firstCall()).closed;
  });

  it('leaves the upstream when its reader leaves', async () => {
    stage().play('answer stops');
    for await (const [event] of await stream()) {
      expect(event).toMatchObject(step('Hello'));
      break;
    }
    await (await stage().firstCall()).closed;
  });

  it('leaves the upstream when the signal is aborted between two steps', async () => {
    stage().play('answer stops');
    const abort = new AbortController();
    const reading = readAll(await stream(stage().credential, { signal: abort.signal }));
    abort.abort();
    expect((await reading).failure).toMatchObject({ fault: 'aborted', outcome: 'not_counted' });
    await (await stage().firstCall()).closed;
  });
}
