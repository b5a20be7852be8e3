import { Metrics } from '@grok2api/service-kit';
import { startPostgres, type TestServer } from '@grok2api/testkit';
import { Claims } from '../../packages/task-store/src/claims.js';
import { openDatabase } from '../../packages/task-store/src/database.js';
import { Ends } from '../../packages/task-store/src/ends.js';
import { Queue } from '../../packages/task-store/src/queue.js';
import { storeMetrics } from '../../packages/task-store/src/store-metrics.js';
import { Tasks } from '../../packages/task-store/src/tasks.js';
import { Upkeep } from '../../packages/task-store/src/upkeep.js';
import { CLOCK_SESSION } from './clock-sql.js';
import { VIRTUAL_CLOCK_SQL } from './virtual-clock-sql.js';

const CONNECTIONS = 6;

/** A task's row after one write, as the database's own trigger saw it; times in milliseconds. */
export interface Change {
  what: 'written' | 'removed' | 'owner forgotten';
  /** When, by the virtual clock. */
  at: number;
  id: string;
  owner: string;
  upstreamModel: string;
  state: 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';
  version: number;
  progress: number;
  claimToken: string | null;
  claimExpiresAt: number | null;
  intended: boolean;
  credentialId: string | null;
  upstreamJobId: string | null;
  errorCode: string | null;
  deleted: boolean;
}

/** What is to be told of a task's end. */
export interface ToldEnd {
  taskId: string;
  /** `video.task.completed` and the like. */
  type: string;
}

/** The store's own code over a real Postgres whose clock moves only when it is told to. */
export class VirtualDatabase {
  readonly tasks: Tasks;
  readonly queue: Queue;
  readonly claims: Claims;
  readonly upkeep: Upkeep;

  private constructor(
    private readonly server: TestServer,
    private readonly database: ReturnType<typeof openDatabase>,
  ) {
    const metrics = storeMetrics(new Metrics('simulation'));
    const ends = new Ends(database, metrics);
    this.tasks = new Tasks(database, ends, metrics.created);
    this.queue = new Queue(database);
    this.claims = new Claims(database, ends);
    this.upkeep = new Upkeep(database, ends);
  }

  static async start(): Promise<VirtualDatabase> {
    const server = await startPostgres('migrated');
    const url = new URL(server.url);
    url.searchParams.set('options', CLOCK_SESSION);
    const database = openDatabase({ databaseUrl: url.href, maxConnections: CONNECTIONS });
    for (const statement of VIRTUAL_CLOCK_SQL) await database.$executeRawUnsafe(statement);
    return new VirtualDatabase(server, database);
  }

  /** Empties every table and sets the clock; the server counts as having run for a day. */
  async begin(nowMs: number): Promise<void> {
    await this.database.$executeRaw`SELECT clock.begin(to_timestamp(${nowMs}::float8 / 1000))`;
  }

  async setTime(nowMs: number): Promise<void> {
    await this.database.$executeRaw`UPDATE clock.reading SET at = to_timestamp(${nowMs}::float8 / 1000)`;
  }

  /** From now on the server says that it was started at the present time. */
  async restart(): Promise<void> {
    await this.database.$executeRaw`UPDATE clock.reading SET server_started_at = at`;
  }

  /** Every write since `begin`, in order. */
  history(): Promise<Change[]> {
    return this.database.$queryRaw<Change[]>`
      SELECT what, (extract(epoch FROM at) * 1000)::float8 AS at, id, owner, upstream_model AS "upstreamModel", state,
        version, progress, claim_token::text AS "claimToken",
        (extract(epoch FROM claim_expires_at) * 1000)::float8 AS "claimExpiresAt", submit_intent_at IS NOT NULL AS intended,
        credential_id AS "credentialId", upstream_job_id AS "upstreamJobId", error_code AS "errorCode",
        deleted_at IS NOT NULL AS deleted
      FROM clock.history ORDER BY n`;
  }

  /** Every callback since `begin`. */
  callbacks(): Promise<ToldEnd[]> {
    return this.database.$queryRaw<ToldEnd[]>`
      SELECT task_id AS "taskId", payload::jsonb ->> 'type' AS type FROM callbacks`;
  }

  async stop(): Promise<void> {
    await this.database.$disconnect();
    await this.server.stop();
  }
}
