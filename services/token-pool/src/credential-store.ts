import type { Credential } from '@grok2api/contracts';
import type { Candidate, ModelHealth } from './choose.js';
import type { Database } from './database.js';
import type { Secrets } from './secrets.js';

interface CandidateRow extends Omit<Candidate, 'models'> {
  now: number;
  models: (ModelHealth & { model: string })[];
}

/** The credentials in Postgres, their secrets encrypted. */
export class CredentialStore {
  constructor(
    private readonly database: Database,
    private readonly secrets: Secrets,
  ) {}

  /** Decrypts every credential, to find out whether the key is theirs. @throws DecryptError */
  async checkSecrets(): Promise<void> {
    const rows = await this.database.credential.findMany({ select: { id: true, secretEncrypted: true } });
    for (const row of rows) this.secrets.decrypt(row.secretEncrypted, row.id);
  }

  /**
   * One credential, also when it is disabled: jobs that it began are polled with it.
   * @throws DecryptError
   */
  async find(id: string): Promise<Credential | undefined> {
    const row = await this.database.credential.findUnique({
      where: { id },
      select: { id: true, secretEncrypted: true, baseUrl: true },
    });
    if (!row) return undefined;
    return { id, secret: this.secrets.decrypt(row.secretEncrypted, id), base_url: row.baseUrl };
  }

  /** Enabled credentials, of each base URL the `perUrl` of the highest priority. @throws DecryptError */
  async bestOfEachBaseUrl(perUrl: number): Promise<Credential[]> {
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      SELECT id FROM (
        SELECT id, base_url, priority, row_number() OVER (PARTITION BY base_url ORDER BY priority DESC, id) AS place
        FROM pool.credentials WHERE enabled
      ) AS ranked
      WHERE place <= ${perUrl} ORDER BY base_url, place`;
    const credentials = await Promise.all(rows.map(({ id }) => this.find(id)));
    return credentials.filter((credential) => credential !== undefined);
  }

  /** Every credential as a candidate for the models, and the time in ms by the database's clock. */
  async candidates(models: readonly string[]): Promise<{ candidates: Candidate[]; now: number }> {
    const rows = await this.database.$queryRaw<CandidateRow[]>`
      SELECT c.id, c.enabled, c.priority, c.max_concurrency AS "maxConcurrency",
        (extract(epoch FROM now()) * 1000)::float8 AS now,
        coalesce(extract(epoch FROM c.last_used_at) * 1000, 0)::float8 AS "lastUsedAt",
        (SELECT coalesce(sum(g.slots), 0)::int FROM pool.grants g
          WHERE g.credential_id = c.id AND g.expires_at > now()) AS "inUse",
        (SELECT coalesce(json_agg(json_build_object(
            'model', m.model,
            'dead', m.state = 'dead',
            'coolingUntil', coalesce(extract(epoch FROM m.cooling_until) * 1000, 0)::float8)), '[]')
          FROM pool.credential_models m
          WHERE m.credential_id = c.id AND m.model = ANY(${models})) AS models
      FROM pool.credentials c`;
    const candidates = rows.map(({ now, models: known, ...candidate }) => ({
      ...candidate,
      models: new Map(known.map(({ model, ...health }) => [model, health])),
    }));
    return { candidates, now: rows[0]?.now ?? 0 };
  }
}
