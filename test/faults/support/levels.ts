import { readdirSync } from 'node:fs';
import { residentMb } from '@grok2api/testkit';
import { connect, type NatsConnection } from 'nats';
import { Client } from 'pg';
import type { Experiment } from '../record/experiment.js';
import type { Sample } from './slope.js';

const PROCESSES = ['api-gateway', 'chat', 'image', 'video-worker-1', 'token-pool', 'callback-dispatcher'];

/** Looks, again and again, at what a system that runs for long must not pile up. */
export class Levels {
  readonly #series = new Map<string, Sample[]>();

  private constructor(
    private readonly experiment: Experiment,
    private readonly bus: NatsConnection,
    private readonly database: Client,
  ) {}

  static async start(experiment: Experiment): Promise<Levels> {
    const { username, password, host } = new URL(experiment.nats.url);
    const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
    const database = new Client({ connectionString: experiment.postgres.url });
    await database.connect();
    return new Levels(experiment, await connect({ servers: host, user, pass }), database);
  }

  /** Takes a sample of everything. */
  async look(): Promise<void> {
    const at = Date.now();
    const note = (name: string, value: number) => {
      const series = this.#series.get(name) ?? [];
      this.#series.set(name, series);
      series.push({ at, value });
    };
    const servers = [
      ['nats-server', this.experiment.nats.pid?.()],
      ['postgres', this.experiment.postgres.pid?.()],
    ] as const;
    const processes = PROCESSES.map((name) => [name, this.experiment.system.pid(name)] as const);
    for (const [name, pid] of [...processes, ...servers]) {
      if (pid === undefined) continue;
      note(`${name} MB`, residentMb(pid));
      note(`${name} descriptors`, readdirSync(`/proc/${pid}/fd`).length);
    }
    const subscriptions = await fetch(`${this.experiment.nats.monitoringUrl}/subsz`);
    note('subscriptions', ((await subscriptions.json()) as { num_subscriptions: number }).num_subscriptions);
    const manager = await this.bus.jetstreamManager();
    const streams = await manager.streams.list().next();
    note('streams', streams.length);
    note(
      'consumers',
      streams.reduce((sum, { state }) => sum + state.consumer_count, 0),
    );
    const { rows } = await this.database.query<{ count: string }>('SELECT count(*) FROM pg_stat_activity');
    note('sessions of Postgres', Number(rows[0]?.count));
  }

  /** Each value's samples, without those of the beginning, in which processes load and fill their pools. */
  series(leaveOut: number): Map<string, Sample[]> {
    return new Map([...this.#series].map(([name, samples]) => [name, samples.slice(samples.length * leaveOut)]));
  }

  async stop(): Promise<void> {
    await this.bus.close();
    await this.database.end();
  }
}
