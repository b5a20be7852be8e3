import { NO_USAGE, USAGE_COUNTS, type UsageCounts, type UsageRow } from '@grok2api/contracts';

/** Whose usage it is. */
export type UsageKey = Pick<UsageRow, 'day' | 'credential_id' | 'model' | 'owner'>;

/** Of what the upstream claims in one call nothing beyond it is believed: for costs it is a thousand dollars. */
const MOST_OF_A_CALL = 1e13;

/** Usage that waits to be told, added up. */
export class PendingUsage {
  readonly #rows = new Map<string, UsageRow>();

  /** @param maxRows rows that are kept at most */
  constructor(private readonly maxRows: number) {}

  get size(): number {
    return this.#rows.size;
  }

  /** Adds counts; those that are not given or no numbers are 0. False when they found no room. */
  add(
    { day, credential_id, model, owner }: UsageKey,
    counts: { [Count in keyof UsageCounts]?: number | undefined },
  ): boolean {
    const key = JSON.stringify([day, credential_id, model, owner]);
    let row = this.#rows.get(key);
    if (!row) {
      if (this.#rows.size >= this.maxRows) return false;
      row = { day, credential_id, model, owner, ...NO_USAGE };
      this.#rows.set(key, row);
    }
    for (const name of USAGE_COUNTS) row[name] = Math.min(row[name] + whole(counts[name]), Number.MAX_SAFE_INTEGER);
    return true;
  }

  /** Takes out some rows, the oldest first. */
  take(max: number): UsageRow[] {
    const taken = [...this.#rows].slice(0, max);
    for (const [key] of taken) this.#rows.delete(key);
    return taken.map(([, row]) => row);
  }
}

function whole(count: number | undefined): number {
  return count !== undefined && count > 0 ? Math.round(Math.min(count, MOST_OF_A_CALL)) : 0;
}
