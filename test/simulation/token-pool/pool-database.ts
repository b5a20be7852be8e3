import { randomBytes } from 'node:crypto';
import { startPostgres, type TestServer } from '@grok2api/testkit';
import { type Database, openDatabase } from '../../../services/token-pool/src/database.js';
import { hashSecret, Secrets } from '../../../services/token-pool/src/secrets.js';
import { CLOCK_SESSION, CLOCK_SQL } from '../clock-sql.js';
import { silent } from './silent.js';

/** The most slots of a credential that were granted at any moment, seen by the database itself at each write. */
const HISTORY_SQL = [
  'CREATE TABLE clock.most_granted (credential_id text PRIMARY KEY, slots int NOT NULL)',
  `CREATE FUNCTION clock.record_grants() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO clock.most_granted
      SELECT NEW.credential_id, coalesce(sum(slots), 0) FROM pool.grants
        WHERE credential_id = NEW.credential_id AND expires_at > clock.now()
      ON CONFLICT (credential_id) DO UPDATE SET slots = greatest(most_granted.slots, excluded.slots);
      RETURN NULL;
    END $$`,
  `CREATE TRIGGER record AFTER INSERT OR UPDATE ON pool.grants FOR EACH ROW EXECUTE FUNCTION clock.record_grants()`,
  `CREATE FUNCTION clock.begin(start timestamptz) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      TRUNCATE pool.credentials, pool.credential_models, pool.grants, clock.reading, clock.most_granted;
      INSERT INTO clock.reading VALUES (start, start - interval '1 day');
      ALTER SEQUENCE clock.ticks RESTART;
    END $$`,
];

/** What is true of a credential at a moment. */
export interface CredentialTruth {
  enabled: boolean;
  /** By model; nothing is held against one that is missing. */
  models: ReadonlyMap<string, { dead: boolean; cooling: boolean; probed: boolean; faults: number }>;
}

interface TruthRow {
  id: string;
  enabled: boolean;
  model: string | null;
  dead: boolean;
  cooling: boolean;
  probed: boolean;
  faults: number;
}

/** The token pool's tables in a real Postgres whose clock moves only when it is told to. */
export class PoolDatabase {
  readonly secrets = new Secrets(randomBytes(32));

  private constructor(
    private readonly server: TestServer,
    readonly database: Database,
  ) {}

  static async start(): Promise<PoolDatabase> {
    const server = await startPostgres('migrated');
    const url = new URL(server.url);
    url.searchParams.set('options', CLOCK_SESSION);
    const database = openDatabase(url.href, silent);
    for (const statement of [...CLOCK_SQL, ...HISTORY_SQL]) await database.$executeRawUnsafe(statement);
    return new PoolDatabase(server, database);
  }

  /** Empties every table, sets the clock and adds credentials with these limits; their ids in order. */
  async begin(nowMs: number, limits: readonly number[]): Promise<string[]> {
    await this.database.$executeRaw`SELECT clock.begin(to_timestamp(${nowMs}::float8 / 1000))`;
    const rows = limits.map((maxConcurrency, index) => {
      const [id, secret] = [`cred_${index}`, `xai-${index}`];
      return {
        ...{ id, maxConcurrency, last4: String(index), baseUrl: 'http://127.0.0.1:9/v1', source: 'admin' as const },
        secretEncrypted: this.secrets.encrypt(secret, id),
        secretHash: hashSecret(secret),
      };
    });
    await this.database.credential.createMany({ data: rows });
    return rows.map(({ id }) => id);
  }

  async passTime(ms: number): Promise<void> {
    await this.database.$executeRaw`UPDATE clock.reading SET at = at + ${ms}::int * interval '1 millisecond'`;
  }

  /** From now on the server says that it was started at the present time. */
  async restart(): Promise<void> {
    await this.database.$executeRaw`UPDATE clock.reading SET server_started_at = at`;
  }

  /** What is true of every credential at this moment. */
  async truths(): Promise<Map<string, CredentialTruth>> {
    const rows = await this.database.$queryRaw<TruthRow[]>`
      SELECT c.id, c.enabled, m.model, m.state = 'dead' AS dead, coalesce(m.cooling_until > clock.now(), false) AS cooling,
        coalesce(m.probe_until > clock.now(), false) AS probed, coalesce(m.faults, 0) AS faults
      FROM pool.credentials c LEFT JOIN pool.credential_models m ON m.credential_id = c.id`;
    const truths = new Map<string, CredentialTruth>();
    for (const { id, enabled, model, ...facts } of rows) {
      const models = new Map(truths.get(id)?.models);
      if (model !== null) models.set(model, facts);
      truths.set(id, { enabled, models });
    }
    return truths;
  }

  /** Enables a credential, or disables it as an operator does. */
  async setEnabled(id: string, enabled: boolean): Promise<void> {
    await this.database.credential.update({ where: { id }, data: { enabled, disabledReason: null } });
  }

  /** Holds nothing against any credential any more. */
  async forgive(): Promise<void> {
    await this.database.credential.updateMany({ data: { enabled: true, disabledReason: null } });
    await this.database.credentialModel.deleteMany();
  }

  /** The most slots that were ever granted at the same time, by credential. */
  async mostGranted(): Promise<Map<string, number>> {
    const rows = await this.database.$queryRaw<{ id: string; slots: number }[]>`
      SELECT credential_id AS id, slots FROM clock.most_granted`;
    return new Map(rows.map(({ id, slots }) => [id, slots]));
  }

  async stop(): Promise<void> {
    await this.database.$disconnect();
    await this.server.stop();
  }
}
