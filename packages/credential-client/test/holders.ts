import { setTimeout as sleep } from 'node:timers/promises';
import { acquireGrants, releaseGrants, renewGrants, reportOutcome } from '@grok2api/contracts';
import { createLogger } from '@grok2api/service-kit';
import { Fixture, VIDEO } from '../../../services/token-pool/test/fixture.js';
import { type AcquireOptions, CredentialClient, type HeldGrant } from '../src/index.js';

const log = createLogger({ service: 'test', instance: 'test', level: 'silent' });

/** Real servers and token pools, and clients that hold grants. */
export class Holders {
  readonly #clients: CredentialClient[] = [];
  /** Subjects of the messages about credentials, in order. */
  readonly messages: string[] = [];
  /** Their contents. */
  readonly requests: unknown[] = [];

  private constructor(readonly fixture: Fixture) {}

  static async start(): Promise<Holders> {
    const holders = new Holders(await Fixture.start());
    for (const { subject, request } of [acquireGrants, renewGrants, releaseGrants, reportOutcome]) {
      holders.fixture.bus.on({ subject, event: request }, (message) => {
        holders.messages.push(subject);
        holders.requests.push(message);
      });
    }
    await holders.fixture.bus.flush();
    return holders;
  }

  /** Another process' client, as far as the token pool can tell. */
  client(now: () => number = () => performance.now()): CredentialClient {
    const holder = `worker-${this.#clients.length}`;
    const client = new CredentialClient({ bus: this.fixture.bus, holder, now, log });
    this.#clients.push(client);
    return client;
  }

  /** Limited slots that are granted at the moment. */
  async grantedSlots(): Promise<number> {
    const { _sum: sum } = await this.fixture.database.grant.aggregate({ _sum: { slots: true } });
    return sum.slots ?? 0;
  }

  /** Transactions that have written anything to the database so far. */
  async writes(): Promise<number> {
    const [row] = await this.fixture.database.$queryRaw<{ next: number }[]>`
      SELECT pg_snapshot_xmax(pg_current_snapshot())::text::float8 AS next`;
    return row?.next ?? 0;
  }

  async reset(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.close()));
    await this.fixture.reset();
    this.messages.length = 0;
    this.requests.length = 0;
  }

  async destroy(): Promise<void> {
    await this.fixture.destroy();
  }
}

/** Takes a slot where one is expected. */
export async function take(
  client: CredentialClient,
  models: readonly string[] = [VIDEO],
  options: Partial<AcquireOptions> = {},
): Promise<HeldGrant> {
  const taken = await client.acquire(models, { signal: new AbortController().signal, ...options });
  if (taken.status !== 'granted') throw new Error(`no grant: ${taken.reason}`);
  return taken;
}

/** Looks until it is so. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await sleep(10);
}
