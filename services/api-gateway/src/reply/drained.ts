import type { Response } from 'express';

/** A client that has not taken anything for this long is dropped. */
export const STALLED_MS = 60_000;

/** A client reads nothing. */
export class StalledError extends Error {
  override readonly name = 'StalledError';
}

/** Resolves when the client takes more, or has left. @throws StalledError when it does neither for a minute */
export function drained(res: Response): Promise<void> {
  if (res.destroyed) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const settle = (done: () => void) => {
      clearTimeout(late);
      res.off('drain', goOn);
      res.off('close', goOn);
      done();
    };
    const goOn = () => settle(resolve);
    const late = setTimeout(() => {
      res.locals.stalled = true;
      settle(() => reject(new StalledError('the client reads nothing')));
    }, STALLED_MS);
    res.on('drain', goOn);
    res.on('close', goOn);
  });
}
