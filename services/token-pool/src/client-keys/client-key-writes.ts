import type { Database } from '../database.js';
import type { Prisma } from '../generated/client.js';

/** Any number does that no other lock in the database uses. */
const CLIENT_KEYS_LOCK = 0x6b657973;

/**
 * Writes client keys, one writer after the other over all processes, so that changes are numbered in the order in
 * which they become visible: a reader that knows all up to one number misses none below it.
 */
export class ClientKeyWrites {
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly database: Database) {}

  /** @param write gets the transaction and the first number that is free */
  run<Result>(write: (transaction: Prisma.TransactionClient, nextChange: bigint) => Promise<Result>): Promise<Result> {
    // Those of this process wait here rather than each with a connection of its own.
    const running = this.#last.then(() => this.#write(write));
    this.#last = running.catch(() => {
      // Its caller is told; the next one begins all the same.
    });
    return running;
  }

  #write<Result>(
    write: (transaction: Prisma.TransactionClient, nextChange: bigint) => Promise<Result>,
  ): Promise<Result> {
    return this.database.$transaction(
      async (transaction) => {
        await transaction.$executeRaw`SELECT pg_advisory_xact_lock(${CLIENT_KEYS_LOCK})`;
        const { _max } = await transaction.clientKey.aggregate({ _max: { change: true } });
        return write(transaction, (_max.change ?? 0n) + 1n);
      },
      // Each statement sees what those who held the lock before have committed.
      { isolationLevel: 'ReadCommitted' },
    );
  }
}
