import type { Texts } from '@grok2api/contracts';

/** Who sends a request. */
export interface Identity {
  /** Name of the client key; tasks and uploads belong to it. */
  owner: string;
  /** Whether the request is allowed to use tasks by their id alone, without being their owner. */
  byCapability: boolean;
}

declare global {
  namespace Express {
    interface Locals {
      requestId: string;
      texts: Texts;
      identity: Identity;
    }
  }
}
