import type { CredentialChange } from '@grok2api/contracts';
import { type Candidate, type IsListed, usableModels, watchedModels } from './candidate.js';
import type { CredentialRows, StoredCredential } from './credential-rows.js';
import type { Database } from './database.js';

/** What has become of credentials since they were read before. */
export interface SnapshotChanges {
  added: readonly string[];
  /** The present state of those that holders of grants have to know of. */
  worse: readonly CredentialChange[];
}

/** Nothing comes after the end of a credential. */
const GONE = Number.MAX_SAFE_INTEGER;

/**
 * The credentials as this process last read them, so that a choice asks no table. It is a hint: a grant is given only
 * after a look at the rows of those that were chosen.
 */
export class Snapshot {
  readonly #credentials = new Map<string, StoredCredential>();
  /** How many credentials are listed a model. */
  readonly #listings = new Map<string, number>();
  /** Transactions before this one are all in. */
  #horizon = 0n;
  #readAt = Number.NEGATIVE_INFINITY;
  #onChanges: (changes: SnapshotChanges) => void = () => {};

  constructor(
    private readonly database: Database,
    private readonly rows: CredentialRows,
    private readonly now: () => number,
  ) {}

  /** Every credential, also those that are disabled. What is changed in one counts until it is read again. */
  get candidates(): Iterable<Candidate> {
    return this.#credentials.values();
  }

  /** When the whole of it was last brought up to date, by the process' clock. */
  get readAt(): number {
    return this.#readAt;
  }

  readonly isListed: IsListed = (model) => this.#listings.has(model);

  get(id: string): StoredCredential | undefined {
    return this.#credentials.get(id);
  }

  /** Calls the listener, the only one, when reading has brought something new. */
  onChanges(listener: (changes: SnapshotChanges) => void): void {
    this.#onChanges = listener;
  }

  /** What those who hold grants of a credential have to know of it. */
  stateOf(id: string): CredentialChange {
    const credential = this.#credentials.get(id);
    if (!credential) return { credential_id: id, version: GONE, usable: false, barred: [], watched: [] };
    const models = [...credential.models.keys()];
    const usable = new Set(usableModels(credential, models, this.now(), this.isListed));
    return {
      credential_id: id,
      version: credential.version,
      usable: credential.enabled,
      barred: models.filter((model) => !usable.has(model)),
      watched: watchedModels(credential),
    };
  }

  /** Reads all credentials. */
  async readAll(): Promise<void> {
    const horizon = await this.#readHorizon();
    const read = await this.rows.all(this.database);
    this.#merge([...this.#credentials.keys()], read);
    this.#caughtUp(horizon);
  }

  /** Reads what has changed since it was read, and who uses how many slots. */
  async catchUp(): Promise<void> {
    const horizon = await this.#readHorizon();
    this.#merge([], await this.rows.changedSince(this.database, this.#horizon));
    await this.#readUsage();
    this.#caughtUp(horizon);
  }

  /** Reads some credentials. */
  async read(ids: readonly string[]): Promise<void> {
    this.take(ids, await this.rows.some(this.database, ids));
  }

  /** Takes over what was read of some credentials elsewhere. Those that were not found are gone. */
  take(ids: readonly string[], read: readonly StoredCredential[]): void {
    this.#merge(ids, read);
  }

  /** Takes over how many slots of some credentials are granted. */
  count(inUse: ReadonlyMap<string, number>): void {
    for (const [id, slots] of inUse) {
      const credential = this.#credentials.get(id);
      if (credential) credential.inUse = slots;
    }
  }

  // Read before the rows: what a transaction that was not in yet has changed is then read again the next time.
  async #readHorizon(): Promise<bigint> {
    const [row] = await this.database.$queryRaw<{ horizon: bigint }[]>`
      SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS horizon`;
    return row?.horizon ?? 0n;
  }

  async #readUsage(): Promise<void> {
    const rows = await this.database.$queryRaw<{ id: string; slots: number }[]>`
      SELECT credential_id AS id, sum(slots)::int AS slots FROM pool.grants
      WHERE expires_at > clock_timestamp() GROUP BY credential_id`;
    const used = new Map(rows.map(({ id, slots }) => [id, slots]));
    for (const credential of this.#credentials.values()) credential.inUse = used.get(credential.id) ?? 0;
  }

  #caughtUp(horizon: bigint): void {
    this.#horizon = horizon;
    this.#readAt = this.now();
  }

  /** @param asked those of which it is known that they are gone when they were not read */
  #merge(asked: readonly string[], read: readonly StoredCredential[]): void {
    const added: string[] = [];
    const worse: CredentialChange[] = [];
    for (const credential of read) {
      const known = this.#credentials.get(credential.id);
      const before = known && this.stateOf(credential.id);
      if (known) credential.lastUsedAt = Math.max(credential.lastUsedAt, known.lastUsedAt);
      this.#put(credential);
      if (!before) added.push(credential.id);
      else if (isWorse(before, this.stateOf(credential.id))) worse.push(this.stateOf(credential.id));
    }
    const there = new Set(read.map(({ id }) => id));
    for (const id of asked) {
      if (!there.has(id) && this.#remove(id)) worse.push(this.stateOf(id));
    }
    if (added.length > 0 || worse.length > 0) this.#onChanges({ added, worse });
  }

  #put(credential: StoredCredential): void {
    this.#remove(credential.id);
    this.#credentials.set(credential.id, credential);
    for (const model of credential.listed) this.#listings.set(model, (this.#listings.get(model) ?? 0) + 1);
  }

  #remove(id: string): boolean {
    for (const model of this.#credentials.get(id)?.listed ?? []) {
      const left = (this.#listings.get(model) ?? 0) - 1;
      if (left > 0) this.#listings.set(model, left);
      else this.#listings.delete(model);
    }
    return this.#credentials.delete(id);
  }
}

function isWorse(before: CredentialChange, after: CredentialChange): boolean {
  const more = (models: readonly string[], than: readonly string[]) => models.some((model) => !than.includes(model));
  return (before.usable && !after.usable) || more(after.barred, before.barred) || more(after.watched, before.watched);
}
