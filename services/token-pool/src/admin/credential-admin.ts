import type { CredentialEntry, NewCredential } from '@grok2api/contracts';
import { encryptProxy } from '../credential-encryption.js';
import type { Database } from '../database.js';
import type { Prisma } from '../generated/client.js';
import { hashSecret, type Secrets } from '../secrets.js';
import { costInMonth, monthOf } from '../usage/budgets.js';
import type { CredentialList } from './credential-list.js';

/** What became of a credential that was to be added. */
interface AddResult {
  status: 'added' | 'restored' | 'duplicate';
  id: string;
}

/** What is changed of a credential; what is not there stays as it is. */
type CredentialChanges = Omit<NewCredential, 'secret'> & { enabled?: boolean | undefined };

export interface CredentialAdminOptions {
  database: Database;
  list: CredentialList;
  secrets: Secrets;
  /** What a new credential has unless it says otherwise. */
  defaults: { baseUrl: string; maxConcurrency: number; requestsPerSecond: number };
  /** Makes 16 random bytes as hex digits. */
  randomHex: () => string;
  now: () => number;
}

const LAST = 4;

/** What an administrator does with credentials. */
export class CredentialAdmin {
  constructor(private readonly options: CredentialAdminOptions) {}

  /** Adds credentials; a secret that is there already is a duplicate and stays as it is, a deleted one comes back. */
  async add(credentials: readonly NewCredential[]): Promise<AddResult[]> {
    const { randomHex } = this.options;
    const news = credentials.map((credential) => ({
      credential,
      row: toRow(`cred_${randomHex()}`, credential, this.options),
    }));
    const rows = news.map(({ row }) => row);
    const addedIds = await this.#insert(rows);
    const knownByHash = await this.#findByHash(rows.filter(({ id }) => !addedIds.has(id)));
    const results: AddResult[] = [];
    for (const { row, credential } of news) {
      const other = addedIds.has(row.id) ? undefined : knownByHash.get(hex(row.secretHash));
      if (!other) results.push({ status: 'added', id: row.id });
      else if (!other.deletedAt) results.push({ status: 'duplicate', id: other.id });
      else {
        await this.#restore(toRow(other.id, credential, this.options));
        // Named once more in the same batch it is a duplicate.
        other.deletedAt = null;
        results.push({ status: 'restored', id: other.id });
      }
    }
    return results;
  }

  /** Changes a credential and returns it; undefined when it is not there or deleted. */
  async update(id: string, { enabled, ...settable }: CredentialChanges): Promise<CredentialEntry | undefined> {
    const { database, list, secrets } = this.options;
    const data = {
      ...toColumns(id, settable, secrets),
      ...(await this.#exhaustedIn(id, settable.monthly_budget_ticks)),
      ...(enabled === undefined ? {} : enablement(enabled)),
    };
    const { count } = await database.credential.updateMany({ where: { id, deletedAt: null }, data });
    if (count === 0) return undefined;
    if (enabled) await this.#permitModels(id);
    return list.find(id);
  }

  /** Ends every rest of the credential's models; undefined when it is not there or deleted. */
  async clearCooling(id: string): Promise<CredentialEntry | undefined> {
    const { database, list } = this.options;
    await database.credentialModel.updateMany({
      where: { credentialId: id },
      data: { coolingUntil: null, coolingStep: 0, faults: 0 },
    });
    const entry = await list.find(id);
    return entry?.state === 'deleted' ? undefined : entry;
  }

  /** Takes a credential out of use for good; undefined when it is not there or deleted already. */
  async delete(id: string): Promise<CredentialEntry | undefined> {
    const { database, list, now } = this.options;
    const { count } = await database.credential.updateMany({
      where: { id, deletedAt: null },
      data: { enabled: false, disabledReason: 'deleted', deletedAt: new Date(now()) },
    });
    return count > 0 ? list.find(id) : undefined;
  }

  /** Inserts rows whose secrets are not there yet; returns the ids of those that were not. */
  async #insert(rows: readonly CredentialRow[]): Promise<Set<string>> {
    const column = <Name extends keyof CredentialRow>(name: Name) => rows.map((row) => row[name]);
    // As arrays: with a parameter for each value of 500 rows most of the time would go into writing the statement.
    const added = await this.options.database.$queryRaw<{ id: string }[]>`
      INSERT INTO pool.credentials
        (id, secret_encrypted, secret_hash, last4, label, base_url, proxy_url, proxy_login_encrypted,
          priority, max_concurrency, requests_per_second, monthly_budget_ticks, source)
      SELECT *, 'admin'::pool.credential_source FROM unnest(
        ${column('id')}::text[], ${column('secretEncrypted')}::bytea[], ${column('secretHash')}::bytea[],
        ${column('last4')}::text[], ${column('label')}::text[], ${column('baseUrl')}::text[], ${column('proxyUrl')}::text[],
        ${column('proxyLoginEncrypted')}::bytea[], ${column('priority')}::int[],
        ${column('maxConcurrency')}::int[], ${column('requestsPerSecond')}::int[],
        ${column('monthlyBudgetTicks')}::bigint[])
      ON CONFLICT (secret_hash) DO NOTHING RETURNING id`;
    return new Set(added.map(({ id }) => id));
  }

  async #findByHash(rows: readonly CredentialRow[]): Promise<Map<string, { id: string; deletedAt: Date | null }>> {
    if (rows.length === 0) return new Map();
    const known = await this.options.database.credential.findMany({
      where: { secretHash: { in: rows.map(({ secretHash }) => secretHash) } },
      select: { id: true, secretHash: true, deletedAt: true },
    });
    return new Map(known.map((row) => [hex(row.secretHash), row]));
  }

  async #restore({ id, ...row }: CredentialRow): Promise<void> {
    const data = { ...row, source: 'admin' as const, ...enablement(true), deletedAt: null };
    await this.options.database.credential.update({ where: { id }, data });
    await this.#permitModels(id);
  }

  /** Enabled again, a credential is tried again with every model. */
  async #permitModels(credentialId: string): Promise<void> {
    await this.options.database.credentialModel.updateMany({
      where: { credentialId, state: 'dead' },
      data: { state: 'ok' },
    });
  }

  // A new budget may be used up already, or leave room again.
  async #exhaustedIn(id: string, budget: number | null | undefined): Promise<{ budgetExhaustedIn?: string | null }> {
    if (budget === undefined) return {};
    const month = monthOf(this.options.now());
    const exhausted =
      budget !== null && (await costInMonth(this.options.database, { credentialId: id }, month)) >= budget;
    return { budgetExhaustedIn: exhausted ? month : null };
  }
}

type CredentialRow = ReturnType<typeof toRow>;

function toRow(id: string, { secret, ...settable }: NewCredential, { secrets, defaults }: CredentialAdminOptions) {
  return {
    id,
    secretEncrypted: secrets.encrypt(secret, id),
    secretHash: hashSecret(secret),
    last4: secret.slice(-LAST),
    label: '',
    priority: 0,
    monthlyBudgetTicks: null,
    ...encryptProxy(null, secrets, id),
    ...defaults,
    ...toColumns(id, settable, secrets),
  };
}

function toColumns(id: string, settable: Omit<NewCredential, 'secret'>, secrets: Secrets) {
  const { label, base_url, proxy_url, priority, max_concurrency, requests_per_second } = settable;
  const { monthly_budget_ticks: budget } = settable;
  return {
    ...(label === undefined ? {} : { label }),
    ...(base_url === undefined ? {} : { baseUrl: base_url }),
    ...(proxy_url === undefined ? {} : encryptProxy(proxy_url, secrets, id)),
    ...(priority === undefined ? {} : { priority }),
    ...(max_concurrency === undefined ? {} : { maxConcurrency: max_concurrency }),
    ...(requests_per_second === undefined ? {} : { requestsPerSecond: requests_per_second }),
    ...(budget === undefined ? {} : { monthlyBudgetTicks: budget === null ? null : BigInt(budget) }),
  } satisfies Prisma.CredentialUpdateManyMutationInput;
}

function enablement(enabled: boolean) {
  return enabled ? { enabled: true, disabledReason: null } : { enabled: false, disabledReason: 'admin' as const };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
