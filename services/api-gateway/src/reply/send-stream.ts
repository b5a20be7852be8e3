import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import { STALLED_MS } from './drained.js';

/**
 * Sends a body as it is read. A client that leaves in the middle is nothing to report; one that takes nothing for a
 * minute is made to leave.
 * @throws what the source fails with, once the answer is cut
 */
export async function sendStream(res: Response, source: NodeJS.ReadableStream | AsyncIterable<string>): Promise<void> {
  res.setTimeout(STALLED_MS, () => {
    res.locals.stalled = true;
    res.destroy();
  });
  try {
    await pipeline(source, res);
  } catch (err) {
    if (!(err instanceof Error && 'code' in err && err.code === 'ERR_STREAM_PREMATURE_CLOSE')) throw err;
  }
}
