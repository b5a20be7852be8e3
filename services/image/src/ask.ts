import { withCredential } from '@grok2api/credential-client';
import type { UpstreamImages } from '@grok2api/grok-upstream';
import type { ImageDependencies } from './dependencies.js';
import { toUpstreamRequest, type WantedImages } from './upstream-request.js';

/** Calls made at most, each with another credential where there is one. */
const MAX_TRIES = 3;

/** Who asks, and for how long. */
export interface Asking {
  /** Name of the client key. */
  owner: string;
  requestId: string;
  /** Aborted when nobody wants the images any more, or when the upstream has taken too long. */
  signal: AbortSignal;
}

/**
 * Asks the upstream for so many images with a credential that can serve. It is asked again only while it provably made
 * nothing.
 * @throws UpstreamError, NoCredentialError, PoolUnavailableError, ClosedError; the signal's reason
 */
export async function askForImages(
  wanted: WantedImages,
  count: number,
  { owner, requestId, signal }: Asking,
  { credentials, usage, upstream, timeoutMs, credentialWaitMs, random, log }: ImageDependencies,
): Promise<UpstreamImages> {
  const plan = { model: wanted.upstreamModel, maxTries: MAX_TRIES, waitMs: credentialWaitMs, signal, random };
  const call = await withCredential(credentials, plan, (credential) =>
    // The signal is the clock: what it ends is known to be late, not broken.
    upstream.createImages(credential, toUpstreamRequest(wanted, count), {
      signal,
      requestId,
      timeoutMs: 2 * timeoutMs,
    }),
  );
  call.end('ok');
  usage.record({ credentialId: call.credentialId, model: wanted.upstreamModel, owner, ...usageOf(call.value) });
  const { images, refused, broken, costUsdTicks } = call.value;
  log.info(
    {
      request_id: requestId,
      owner,
      model: wanted.upstreamModel,
      credential: call.credentialId,
      asked: count,
      images: images.length,
      refused,
      broken,
      cost_usd_ticks: costUsdTicks,
    },
    'the upstream sent images',
  );
  return call.value;
}

/** What the upstream made, and bills. */
export function usageOf({ images, costUsdTicks }: UpstreamImages): {
  images: number;
  costUsdTicks: number | undefined;
} {
  return { images: images.length, costUsdTicks };
}
