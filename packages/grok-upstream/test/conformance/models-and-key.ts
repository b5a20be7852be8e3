import { expect, it } from 'vitest';
import { failureOf, untilDone } from '../support.js';
import type { Stage } from './stage.js';

/** What every driver must do with models and keys. */
export function describeModelsAndKey(stage: () => Stage): void {
  it('lists the models by kind', async () => {
    stage().play('models');
    expect(await stage().upstream.listModels(stage().credential, untilDone())).toEqual([
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
    stage().play(situation);
    expect(await stage().upstream.checkKey(stage().credential, untilDone())).toMatchObject(state);
  });

  it.each(['broken', 'answer unreadable', 'silent'] as const)('does not judge a key when %s', async (situation) => {
    stage().play(situation);
    const failure = failureOf(stage().upstream.checkKey(stage().credential, untilDone()));
    expect(await failure).toMatchObject({ fault: 'transient' });
  });
}
