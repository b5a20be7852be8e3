import { startNats, startPostgres, type TestNats, type TestServer, type TestSystem } from '@grok2api/testkit';
import { Client } from 'pg';
import { type Child, startChild } from '../contestants/child.js';
import { requestHeaders, startOurs } from '../contestants/contestants.js';

/** The system on the mock, with a way into its database. */
export interface Ours {
  system: TestSystem;
  mock: Child;
  headers: Record<string, string>;
  database: Client;
  nats: TestNats;
  postgres: TestServer;
}

/** Runs the system for as long as a measure takes, on servers of its own. */
export async function withOurs<Result>(
  options: { videoWorkers?: number; env?: Record<string, string>; mock?: Record<string, string> },
  measure: (ours: Ours) => Promise<Result>,
): Promise<Result> {
  const stops: (() => Promise<unknown>)[] = [];
  const keep = <Started>(started: Started, stop: (started: Started) => Promise<unknown>): Started => {
    stops.unshift(() => stop(started));
    return started;
  };
  try {
    const mock = keep(await startChild('mock-main.js', options.mock ?? {}), (each) => each.stop());
    const nats = keep(await startNats(), (each) => each.stop());
    const postgres = keep(await startPostgres(), (each) => each.stop());
    const env = { ...options.env, NATS_URL: nats.url, DATABASE_URL: postgres.url };
    const system = keep(await startOurs(mock.address, { ...options, env }), (each) => each.stop());
    const database = keep(new Client({ connectionString: postgres.url }), (each) => each.end());
    await database.connect();
    return await measure({ system, mock, headers: requestHeaders(mock.address), database, nats, postgres });
  } finally {
    for (const stop of stops) await stop();
  }
}
