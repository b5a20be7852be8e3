import type { TaskKind } from '../../packages/contracts/src/task.js';
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

/** Images that an image task asks for. */
export const IMAGES = 2;

/** What a worker finds around it. */
export interface Surroundings {
  kind: TaskKind;
  database: VirtualDatabase;
  upstream: Upstream;
  grants: GrantLedger;
  fence: Fence;
  tally: Tally;
  ownerMaxRunning: number;
  /** How many images each task has in the media store. */
  stored: Map<string, number>;
  /** What each claim of a task that nobody had begun chose from, by the claim's token. */
  selections: Map<string, FreshSelection>;
  /** The virtual clock, in milliseconds. */
  now(): number;
  newToken(): string;
  /** Takes one wake-up, when there is any. */
  takeWakeUp(): boolean;
  sendWakeUp(): void;
}
