import {
  type CallbackAttempt,
  type CallbackState,
  callbackAttemptSchema,
  callbackId,
  callbackStateSchema,
} from '@grok2api/contracts';
import { UNCLAIMED_CALLBACK } from './callback-queue.js';
import { type Database, withDatabase } from './database.js';
import type { Callback as Row } from './generated/client.js';

/** A callback as an administrator sees it. */
export interface Callback {
  seq: bigint;
  /** The webhook's id. */
  id: string;
  taskId: string;
  owner: string;
  url: string;
  state: CallbackState;
  attempts: number;
  /** When the task ended. */
  endedAt: Date;
  /** While it is pending. */
  nextAttemptAt: Date | undefined;
  /** When it was delivered or given up. */
  settledAt: Date | undefined;
}

/** A callback with what is, or was, posted, and the latest attempts, oldest first. */
export interface CallbackDetails extends Callback {
  payload: string;
  attemptLog: CallbackAttempt[];
}

export interface CallbackListOptions {
  state?: CallbackState | undefined;
  owner?: string | undefined;
  taskId?: string | undefined;
  limit: number;
  /** Only callbacks of ends before the one with this `seq`. */
  before?: bigint | undefined;
}

/** What an administrator does with callbacks. */
export class Callbacks {
  constructor(private readonly database: Database) {}

  /** Callbacks, the latest ends first, and the `before` of the next page. @throws StoreUnavailableError */
  async list(options: CallbackListOptions): Promise<{ callbacks: Callback[]; next: bigint | undefined }> {
    const { state, owner, taskId, limit, before } = options;
    const rows = await withDatabase(() =>
      this.database.callback.findMany({
        where: {
          ...(state === undefined ? {} : { state }),
          ...(owner === undefined ? {} : { owner }),
          ...(taskId === undefined ? {} : { id: callbackId(taskId) }),
          ...(before === undefined ? {} : { seq: { lt: before } }),
        },
        omit: { payload: true, attemptLog: true },
        orderBy: { seq: 'desc' },
        take: limit + 1,
      }),
    );
    const callbacks = rows.slice(0, limit).map(toCallback);
    return { callbacks, next: rows.length > limit ? callbacks.at(-1)?.seq : undefined };
  }

  /** One callback. @throws StoreUnavailableError */
  async get(id: string): Promise<CallbackDetails | undefined> {
    const row = await withDatabase(() => this.database.callback.findUnique({ where: { id } }));
    if (!row) return undefined;
    return {
      ...toCallback(row),
      payload: row.payload,
      attemptLog: callbackAttemptSchema.array().parse(row.attemptLog),
    };
  }

  /**
   * Has a callback attempted now, whatever became of it. One that is being attempted is left as it is.
   * @returns whether there is such a callback @throws StoreUnavailableError
   */
  async sendAgain(id: string): Promise<boolean> {
    const found = await withDatabase(async () => {
      await this.database.$executeRaw`
        UPDATE callbacks SET state = 'pending', settled_at = NULL, next_attempt_at = now(),
          claim_token = NULL, claim_expires_at = NULL
        WHERE id = ${id} AND ${UNCLAIMED_CALLBACK}`;
      return this.database.callback.count({ where: { id } });
    });
    return found > 0;
  }
}

function toCallback(row: Omit<Row, 'payload' | 'attemptLog'>): Callback {
  const state = callbackStateSchema.parse(row.state);
  return {
    seq: row.seq,
    id: row.id,
    taskId: row.taskId,
    owner: row.owner,
    url: row.url,
    state,
    attempts: row.attempts,
    endedAt: row.endedAt,
    nextAttemptAt: state === 'pending' ? row.nextAttemptAt : undefined,
    settledAt: row.settledAt ?? undefined,
  };
}
