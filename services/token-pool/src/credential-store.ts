import type { Credential } from '@grok2api/contracts';
import { decryptCredential } from './credential-encryption.js';
import type { Database } from './database.js';
import type { Secrets } from './secrets.js';

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
      select: { id: true, secretEncrypted: true, baseUrl: true, proxyUrl: true, proxyLoginEncrypted: true },
    });
    return row ? decryptCredential(row, this.secrets) : undefined;
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
}
