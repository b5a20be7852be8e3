import type { Texts } from '@grok2api/contracts';
import type { ClientKey } from './client-keys/client-key.js';
import type { ConsoleSession } from './console/console-sessions.js';
import type { KeyedWork } from './idempotency/keyed-work.js';
import type { KnownPath } from './known-routes.js';

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
      /** Of a browser that is signed in to the console. */
      session?: ConsoleSession | undefined;
      /** What there is under the path of the request. */
      knownPath?: KnownPath;
      /** The client took nothing for too long and was cut off. */
      stalled?: true;
      /** What is being done for a request with an Idempotency-Key, whose reply is to be kept. */
      work?: KeyedWork;
    }
  }
}
