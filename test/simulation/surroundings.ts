import type { FreshSelection } from '../../packages/task-store/src/queue.js';
import type { Fence } from './fence.js';
import type { GrantLedger } from './grant-ledger.js';
import type { Tally } from './tally.js';
import type { Upstream } from './upstream.js';
import type { VirtualDatabase } from './virtual-database.js';

export const CLAIM_TTL_MS = 15_000;
export const QUEUE_DEADLINE_MS = 600_000;
export const RUN_DEADLINE_MS = 240_000;
export const UPSTREAM_MODELS = ['model-0', 'model-1'] as const;

/** What a worker finds around it. */
export interface Surroundings {
  database: VirtualDatabase;
  upstream: Upstream;
  grants: GrantLedger;
  fence: Fence;
  tally: Tally;
  ownerMaxRunning: number;
  /** What each claim of a task that nobody had begun chose from, by the claim's token. */
  selections: Map<string, FreshSelection>;
  /** The virtual clock, in milliseconds. */
  now(): number;
  newToken(): string;
  /** Takes one wake-up, when there is any. */
  takeWakeUp(): boolean;
  sendWakeUp(): void;
}
