import type { Texts } from '@grok2api/contracts';
import type { ClientKey } from './client-keys/client-key.js';

/** Who sends a request. */
export interface Identity {
  /** Tasks, uploads and usage belong to it. */
  owner: string;
  /** The client key that was sent; undefined where none is needed. */
  key?: ClientKey;
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
