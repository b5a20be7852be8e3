import type { AcquireReply } from '@grok2api/contracts';

/** Why there is no grant at the moment. */
export interface Unavailable {
  status: 'unavailable';
  /** `pool_unavailable`: the token pool does not answer. The others are the token pool's. */
  reason: Extract<AcquireReply, { status: 'none' }>['reason'] | 'pool_unavailable';
  /** When to ask again. */
  retryAfterMs: number;
}
