import type { ClientKey, ClientKeyEntry, ClientKeyLimits } from '@grok2api/contracts';
import type { Database } from '../database.js';
import type { Prisma, ClientKey as Row } from '../generated/client.js';
import { decodePageCursor, encodePageCursor, PageCursorError } from '../page-cursor.js';
import { costInMonth, monthOf } from '../usage/budgets.js';
import { toClientKey, toColumns, toEntry } from './client-key-rows.js';
import type { ClientKeyWrites } from './client-key-writes.js';

interface NewClientKey extends ClientKeyLimits {
  name: string;
  /** In hex. */
  secret_hash: string;
  last4: string;
}

/** What is changed of a client key; what is not there stays as it is. */
type ClientKeyChanges = { [Field in keyof ClientKeyLimits | 'name']?: NewClientKey[Field] | undefined };

/** The client keys in Postgres. */
export class ClientKeyStore {
  constructor(
    private readonly database: Database,
    private readonly writes: ClientKeyWrites,
    /** Makes 16 random bytes as hex digits. */
    private readonly randomHex: () => string,
    private readonly now: () => number,
  ) {}

  /** Makes a key. */
  async create({ name, secret_hash, last4, ...limits }: NewClientKey): Promise<ClientKeyEntry> {
    const id = `key_${this.randomHex()}`;
    const secretHash = new Uint8Array(Buffer.from(secret_hash, 'hex'));
    const row = await this.writes.run((transaction, change) =>
      transaction.clientKey.create({ data: { id, name, secretHash, last4, ...toColumns(limits), change } }),
    );
    return toEntry(row);
  }

  /** Changes a key and returns it; undefined when there is none. */
  async update(id: string, { name, ...limits }: ClientKeyChanges): Promise<ClientKeyEntry | undefined> {
    const row = await this.writes.run(async (transaction, change) => {
      if (!(await transaction.clientKey.findUnique({ where: { id } }))) return undefined;
      const budgetExhaustedIn = await this.#exhaustedIn(transaction, id, limits.monthly_budget_ticks);
      return transaction.clientKey.update({
        where: { id },
        data: { ...(name === undefined ? {} : { name }), ...toColumns(limits), ...budgetExhaustedIn, change },
      });
    });
    return row && toEntry(row);
  }

  /** Ends a key for good and returns it; undefined when there is none. A second time changes nothing. */
  async revoke(id: string): Promise<ClientKeyEntry | undefined> {
    const row = await this.writes.run(async (transaction, change) => {
      const known = await transaction.clientKey.findUnique({ where: { id } });
      if (!known || known.revokedAt) return known ?? undefined;
      return transaction.clientKey.update({ where: { id }, data: { revokedAt: new Date(this.now()), change } });
    });
    return row && toEntry(row);
  }

  /** The keys that changed after a change, and where reading goes on: see `listClientKeys` of the contracts. */
  async changedAfter(after: number, limit: number): Promise<{ keys: ClientKey[]; up_to: number; latest: number }> {
    // Read before the rows: a change in between comes with them, or with the next page.
    const { _max } = await this.database.clientKey.aggregate({ _max: { change: true } });
    const latest = Number(_max.change ?? 0n);
    const rows = await this.database.clientKey.findMany({
      where: { change: { gt: after } },
      orderBy: { change: 'asc' },
      take: limit,
    });
    return { keys: rows.map(toClientKey), up_to: Number(rows.at(-1)?.change ?? latest), latest };
  }

  /** One page for the administrator, the newest first. @throws PageCursorError */
  async page(limit: number, cursor?: string): Promise<{ keys: ClientKeyEntry[]; next_cursor: string | null }> {
    const rows = await this.database.clientKey.findMany({
      ...(cursor === undefined ? {} : { where: olderThan(cursor) }),
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit + 1,
    });
    const keys = rows.slice(0, limit);
    const last = rows.length > limit ? keys.at(-1) : undefined;
    return {
      keys: keys.map(toEntry),
      next_cursor: last ? encodePageCursor([last.createdAt.getTime(), last.id]) : null,
    };
  }

  // A new budget may be used up already, or leave room again.
  async #exhaustedIn(
    transaction: Prisma.TransactionClient,
    owner: string,
    budget: number | null | undefined,
  ): Promise<Partial<Pick<Row, 'budgetExhaustedIn'>>> {
    if (budget === undefined) return {};
    const month = monthOf(this.now());
    const exhausted = budget !== null && (await costInMonth(transaction, { owner }, month)) >= budget;
    return { budgetExhaustedIn: exhausted ? month : null };
  }
}

function olderThan(cursor: string): Prisma.ClientKeyWhereInput {
  const [ms, id] = decodePageCursor(cursor);
  const createdAt = new Date(ms);
  if (Number.isNaN(createdAt.getTime())) throw new PageCursorError('no cursor of this list');
  return { OR: [{ createdAt: { lt: createdAt } }, { createdAt, id: { lt: id } }] };
}
