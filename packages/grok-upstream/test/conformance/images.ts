import { expect, it } from 'vitest';
import { failureOf, IMAGE, untilDone } from '../support.js';
import { FAILED_CREATES, type Stage } from './stage.js';

const BYTES = new Uint8Array([255, 216, 255]);

/** What every driver must do with images. */
export function describeImages(stage: () => Stage): void {
  const create = (credential = stage().credential) =>
    stage().upstream.createImages(credential, IMAGE, { ...untilDone(), timeoutMs: 1000 });

  it('makes images with one call', async () => {
    stage().play('draws');
    const images = [{ bytes: BYTES }, { bytes: BYTES }];
    expect(await create()).toMatchObject({ images, refused: 0, broken: 0 });
    expect(stage().callCount()).toBe(1);
  });

  it('gives the images that came', async () => {
    stage().play('draws one');
    expect(await create()).toMatchObject({ images: [{ bytes: BYTES }], refused: 1, broken: 0 });
  });

  it.each([
    ...FAILED_CREATES,
    ['draws none', 'moderated', 'not_counted', 'unknown'],
    ['draws nothing', 'transient', 'fault', 'unknown'],
  ] as const)('%s: %s, report %s, submitted %s, asked once', async (situation, fault, outcome, submitted) => {
    stage().play(situation);
    expect(await failureOf(create())).toMatchObject({ fault, outcome, submitted });
    expect(stage().callCount()).toBe(1);
  });

  it('proves that nothing left when nothing listens', async () => {
    const error = await failureOf(create(stage().unreachable));
    expect(error).toMatchObject({ fault: 'transient', outcome: 'fault', submitted: 'no' });
  });

  it('leaves when the signal is aborted', async () => {
    stage().play('silent');
    const abort = new AbortController();
    const options = { signal: abort.signal, timeoutMs: 60_000 };
    const failure = failureOf(stage().upstream.createImages(stage().credential, IMAGE, options));
    const { closed } = await stage().firstCall();
    abort.abort();
    expect(await failure).toMatchObject({ fault: 'aborted', outcome: 'not_counted', submitted: 'unknown' });
    await closed;
  });
}
