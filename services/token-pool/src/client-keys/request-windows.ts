import { type Admission, admit, type WindowEntry } from '@grok2api/contracts';
import { z } from 'zod';
import type { Database } from '../database.js';

interface WindowRow {
  limit: number | null;
  version: number | null;
  entries: unknown;
  /** In ms by the database's clock, which every process shares. */
  now: number;
}

const entriesSchema: z.ZodType<WindowEntry[]> = z.array(z.tuple([z.number(), z.number()]));
/** Of writers that read the same row one writes, so that each try lets one of them through. */
const MAX_TRIES = 100;
const NO_LIMIT: Admission = {
  admitted: 0,
  remaining: Number.MAX_SAFE_INTEGER,
  retryAfterMs: 0,
  resetMs: 0,
  entries: [],
};

/** Too many writers at once for one key. */
class WindowBusyError extends Error {
  override readonly name = 'WindowBusyError';
}

/**
 * Counts the requests of client keys against their limits a minute, over any number of gateways and of processes like
 * this one: one row for each key, which is written only as it was read.
 */
export class RequestWindows {
  constructor(private readonly database: Database) {}

  /** Admits as many of the requests as the key has left. A key that is unknown has no limit here. */
  async admit(keyId: string, count: number): Promise<Admission> {
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      const row = await this.#read(keyId);
      if (!row || row.limit === null) return { ...NO_LIMIT, admitted: count };
      const entries = row.version === null ? [] : entriesSchema.parse(row.entries);
      // A clock that was set back must not bring the entries out of order.
      const now = Math.max(row.now, entries.at(-1)?.[0] ?? 0);
      const admission = admit(entries, row.limit, count, now);
      if (admission.admitted === 0 || (await this.#write(keyId, row.version, admission.entries))) return admission;
    }
    throw new WindowBusyError(`the requests of ${keyId} could not be counted`);
  }

  async #read(keyId: string): Promise<WindowRow | undefined> {
    const [row] = await this.database.$queryRaw<WindowRow[]>`
      SELECT k.requests_per_minute AS limit, w.version, w.entries,
        (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now
      FROM pool.client_keys k LEFT JOIN pool.request_windows w ON w.key_id = k.id WHERE k.id = ${keyId}`;
    return row;
  }

  /** Writes what was computed from that version; false when it is another one by now. */
  async #write(keyId: string, version: number | null, entries: WindowEntry[]): Promise<boolean> {
    const json = JSON.stringify(entries);
    const written =
      version === null
        ? await this.database.$executeRaw`
            INSERT INTO pool.request_windows (key_id, version, entries) VALUES (${keyId}, 1, ${json}::jsonb)
            ON CONFLICT DO NOTHING`
        : await this.database.$executeRaw`
            UPDATE pool.request_windows SET version = version + 1, entries = ${json}::jsonb
            WHERE key_id = ${keyId} AND version = ${version}`;
    return written > 0;
  }
}
