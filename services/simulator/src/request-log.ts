import { matchesPath } from './path-pattern.js';
import { keySha256, shortKeyHash } from './wire/key-hash.js';

const MAX_ENTRIES = 10_000;
const MAX_STRING = 200;
const MAX_ITEMS = 100;
const MAX_DEPTH = 8;

/**
 * One request as the log tells it. `ended` is null while it is open. `hung`: a fault keeps it without an answer; then
 * `closed_at` is null until the fault is removed. `cut`: a fault or a magic word destroyed the connection. `client_closed`: the caller's
 * connection closed before the answer was complete, also after a hang.
 */
export interface LoggedRequest {
  seq: number;
  at: string;
  method: string;
  path: string;
  /** Method and template; null when no route serves the path. */
  route: string | null;
  key_hint: string | null;
  key_hash: string | null;
  /** Null when no answer was begun. */
  status: number | null;
  ended: 'complete' | 'client_closed' | 'hung' | 'cut' | null;
  closed_at: string | null;
  request_id: string | null;
  /** The request's header of this name. */
  x_request_id: string | null;
  /** How many events of a streamed answer were handed to the connection; null for any other answer. */
  frames: number | null;
  body: unknown;
}

/** The newest 10,000 requests, in the order of their arrival. */
export class RequestLog {
  readonly #entries = new Map<number, LoggedRequest>();
  readonly #now: () => number;
  #seq = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Adds a request that arrived. Its entry is the caller's to fill in. */
  open(
    arrived: Pick<LoggedRequest, 'method' | 'path' | 'route' | 'request_id' | 'x_request_id'>,
    key: string | undefined,
  ): LoggedRequest {
    this.#seq += 1;
    const entry: LoggedRequest = {
      seq: this.#seq,
      at: this.#time(),
      ...arrived,
      key_hint: key?.slice(-4) ?? null,
      key_hash: key === undefined ? null : shortKeyHash(keySha256(key)),
      status: null,
      ended: null,
      closed_at: null,
      frames: null,
      body: null,
    };
    this.#entries.set(entry.seq, entry);
    if (this.#entries.size > MAX_ENTRIES) this.#entries.delete(entry.seq - MAX_ENTRIES);
    return entry;
  }

  /** Ends an entry whose connection or answer has ended. */
  close(entry: LoggedRequest, ended: NonNullable<LoggedRequest['ended']>): void {
    entry.ended = ended;
    entry.closed_at = this.#time();
  }

  /** The requests of a method, and of paths that fit a prefix or a pattern with `*`. */
  list(filter: { method?: string | undefined; path?: string | undefined }): LoggedRequest[] {
    const { method, path } = filter;
    return [...this.#entries.values()].filter(
      (entry) =>
        (method === undefined || entry.method === method) && (path === undefined || matchesPath(path, entry.path)),
    );
  }

  /** Forgets every request; numbers go on. */
  clear(): void {
    this.#entries.clear();
  }

  #time(): string {
    return new Date(this.#now()).toISOString();
  }
}

/** A copy of a JSON value that is safe to keep: long strings and lists shortened, deep parts left out. */
export function shortenJson(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return shortenString(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '…';
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => shortenJson(item, depth + 1));
  const entries = Object.entries(value).slice(0, MAX_ITEMS);
  return Object.fromEntries(entries.map(([name, item]) => [shortenString(name), shortenJson(item, depth + 1)]));
}

function shortenString(text: string): string {
  if (text.length <= MAX_STRING) return text;
  return `${text.slice(0, MAX_STRING)}… (${text.length} characters)`;
}
