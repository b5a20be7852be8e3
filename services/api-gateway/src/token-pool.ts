import { type Bus, BusTimeoutError, NoResponderError, RemoteError } from '@grok2api/bus';
import { ApiError, type Rpc } from '@grok2api/contracts';
import type { Response } from 'express';
import type { z } from 'zod';

/** An import's batch of 500 has time to be encrypted and written on a busy machine. */
const TIMEOUT_MS = 5_000;
const RETRY_AFTER_S = '2';

/**
 * Asks the token pool something for the client of `res`.
 * @throws ApiError `service_unavailable` when it does not answer, or not as it should
 */
export async function askTokenPool<Request extends z.ZodType, Reply extends z.ZodType>(
  bus: Bus,
  rpc: Rpc<Request, Reply>,
  request: z.infer<Request>,
  res: Response,
): Promise<z.infer<Reply>> {
  try {
    return await bus.call(rpc, request, { timeoutMs: TIMEOUT_MS, requestId: res.locals.requestId });
  } catch (cause) {
    if (cause instanceof NoResponderError || cause instanceof BusTimeoutError || cause instanceof RemoteError) {
      throw new ApiError('service_unavailable', { headers: { 'retry-after': RETRY_AFTER_S }, cause });
    }
    throw cause;
  }
}
