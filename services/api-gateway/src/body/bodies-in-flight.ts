import { ApiError } from '@grok2api/contracts';
import type { Response } from 'express';

/** A body's beginning is never refused, so that small requests are served while big ones fill the room. */
const FREE_BYTES = 32 * 1024;
const RETRY_AFTER_S = '2';

/** The room in this process' memory for bodies of requests that are not answered yet. */
export class BodiesInFlight {
  #bytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** Bytes that are taken at the moment. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Makes room for a body that comes piece by piece, and gives it back when its answer is over.
   * @returns takes some more bytes; throws ApiError `service_unavailable` when there is no more room
   */
  open(res: Response): (bytes: number) => void {
    let taken = 0;
    res.once('close', () => {
      this.#bytes -= taken;
    });
    return (bytes) => {
      if (taken + bytes > FREE_BYTES && this.#bytes + bytes > this.maxBytes) {
        throw new ApiError('service_unavailable', { headers: { 'retry-after': RETRY_AFTER_S } });
      }
      taken += bytes;
      this.#bytes += bytes;
    };
  }
}
