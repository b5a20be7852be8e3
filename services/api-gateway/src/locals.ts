import type { Texts } from '@grok2api/contracts';
import type { KeyedWork } from './idempotency/keyed-work.js';

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
      /** What is being done for a request with an Idempotency-Key, whose reply is to be kept. */
      work?: KeyedWork;
    }
  }
}
