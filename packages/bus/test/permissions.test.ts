import * as contracts from '@grok2api/contracts';
import {
  acquireGrants,
  addCredentials,
  callbackDue,
  clientKeysChanged,
  credentialOf,
  listClientKeys,
  type Rpc,
  recordUsage,
  wakeUpSubject,
} from '@grok2api/contracts';
import { createLogger } from '@grok2api/service-kit';
import { type DeployedNats, startDeployedNats } from '@grok2api/testkit';
import { connect, type NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Bus, NoResponderError } from '../src/index.js';
import { announced, until } from './test-buses.js';

const USERS = ['api-gateway', 'chat', 'image', 'video-worker', 'callback-dispatcher', 'token-pool'] as const;
type User = (typeof USERS)[number];
const CALLERS: User[] = ['chat', 'image', 'video-worker'];
/** Who may ask what, by the beginning of the subject; the most special one counts. */
const MAY_ASK: Record<string, User[]> = {
  'grok.chat.': ['api-gateway'],
  'grok.images.': ['api-gateway'],
  'grok.client-keys.': ['api-gateway'],
  'grok.client-keys.webhook-secrets': ['callback-dispatcher'],
  'grok.credentials.': CALLERS,
  'grok.credentials.admin.': ['api-gateway'],
  'grok.credentials.test': ['api-gateway', ...CALLERS],
  'grok.models.': ['api-gateway', ...CALLERS],
  'grok.usage.query': ['api-gateway'],
  'grok.usage.record': CALLERS,
};

let nats: DeployedNats;
const buses = new Map<User, Bus>();
const connections = new Map<User, NatsConnection>();
/** What the server refused to whom. */
const refusals: [User, string][] = [];

beforeAll(async () => {
  nats = await startDeployedNats();
  const log = createLogger({ service: 'test', instance: 'test', level: 'silent' });
  for (const user of USERS) {
    buses.set(user, await Bus.connect({ url: nats.url(user), name: user, log }));
    const { host, username, password } = new URL(nats.url(user));
    const options = { servers: host, user: username, pass: password, inboxPrefix: `_INBOX.${user}` };
    const connection = await connect(options);
    connections.set(user, connection);
    void watchRefusals(user, connection);
  }
});

afterAll(async () => {
  await Promise.all([...connections.values()].map((connection) => connection.close()));
  await Promise.all([...buses.values()].map((bus) => bus.close()));
  await nats.stop();
});

async function watchRefusals(user: User, connection: NatsConnection): Promise<void> {
  for await (const { permissionContext } of connection.status()) {
    if (permissionContext) refusals.push([user, `${permissionContext.operation} ${permissionContext.subject}`]);
  }
}

function busOf(user: User): Bus {
  const bus = buses.get(user);
  if (!bus) throw new Error(`${user} is not connected`);
  return bus;
}

function rawOf(user: User): NatsConnection {
  const connection = connections.get(user);
  if (!connection) throw new Error(`${user} is not connected`);
  return connection;
}

/** Whether the server lets a user publish or listen there. */
async function may(user: User, operation: 'publish' | 'subscription', subject: string): Promise<boolean> {
  refusals.splice(0);
  const connection = rawOf(user);
  if (operation === 'publish') connection.publish(subject, '{}');
  else connection.subscribe(subject, { callback: () => {} }).unsubscribe();
  // The server answers in order: a refusal comes before the answer to this.
  await connection.flush();
  await connection.flush();
  return !refusals.some(([refused, what]) => refused === user && what === `${operation} ${subject}`);
}

const rpcSchema = z.object({ subject: z.string(), service: z.string() });
const rpcs = Object.values(contracts)
  .map((each) => rpcSchema.safeParse(each).data)
  .filter((rpc) => rpc !== undefined);

describe('the users of the deployed NATS server', () => {
  it.each(rpcs.map(({ subject, service }) => [subject, service]))(
    'ask %s as they should, and %s answers',
    async (subject, service) => {
      const [, allowed] = Object.entries(MAY_ASK)
        .filter(([begin]) => subject.startsWith(begin))
        .sort(([a], [b]) => b.length - a.length)[0] ?? [undefined, []];
      const asking: string[] = [];
      const answering: string[] = [];
      for (const user of USERS) {
        if (await may(user, 'publish', subject)) asking.push(user);
        if (await may(user, 'subscription', subject)) answering.push(user);
      }
      expect(asking.toSorted()).toEqual(allowed.toSorted());
      expect(answering).toEqual([service]);
    },
  );

  it('are operated by the gateway alone, each under its own name', async () => {
    for (const service of USERS) {
      for (const subject of [`grok.ops.${service}.ID.metrics`, `grok.ops.${service}.log-level`]) {
        const asking: string[] = [];
        const answering: string[] = [];
        for (const user of USERS) {
          if (await may(user, 'publish', subject)) asking.push(user);
          if (await may(user, 'subscription', subject)) answering.push(user);
        }
        expect([subject, asking, answering]).toEqual([subject, ['api-gateway'], [service]]);
      }
      for (const verb of ['PING', 'INFO', 'STATS']) {
        for (const whom of ['', `.${service}`, `.${service}.ID`]) {
          expect([verb, await may(service, 'subscription', `$SRV.${verb}${whom}`)]).toEqual([verb, true]);
        }
      }
    }
  });

  it('get their own replies and nobody else’s', async () => {
    for (const user of USERS) {
      const listening: string[] = [];
      for (const other of USERS) if (await may(user, 'subscription', `_INBOX.${other}.>`)) listening.push(other);
      expect(listening).toEqual([user]);
      for (const all of ['>', '_INBOX.>', '_INBOX.*.*.*', 'grok.>', '$SYS.>', '$JS.API.>']) {
        expect([user, all, await may(user, 'subscription', all)]).toEqual([user, all, false]);
      }
    }
  });

  it('ask and are answered, a gateway never with a secret', async () => {
    const [pool, worker, gateway] = [busOf('token-pool'), busOf('video-worker'), busOf('api-gateway')];
    const credential = { id: 'cred_1', secret: 'xai-1', base_url: 'https://api.x.ai/v1' };
    pool.serve(credentialOf, async () => ({ credential }));
    pool.serve(addCredentials, async () => ({ results: [] }));
    pool.serve(listClientKeys, async () => ({ keys: [], up_to: 0, latest: 0 }));
    await pool.announce(announced('token-pool', 'token-pool-1'));
    const ask = <Request extends z.ZodType, Reply extends z.ZodType>(
      bus: Bus,
      rpc: Rpc<Request, Reply>,
      request: z.infer<Request>,
    ) => bus.call(rpc, request, { timeoutMs: 1_000 });
    expect(await ask(worker, credentialOf, { credential_id: 'cred_1' })).toEqual({ credential });
    await expect(ask(gateway, credentialOf, { credential_id: 'cred_1' })).rejects.toThrow('in time');
    expect(await ask(gateway, listClientKeys, { after: 0, limit: 1 })).toMatchObject({ latest: 0 });
    expect(await ask(gateway, addCredentials, { credentials: [{ secret: 'xai-2' }] })).toEqual({ results: [] });
    await expect(
      ask(worker, acquireGrants, { request_id: `grant_${'0'.repeat(32)}`, holder: 'w', models: ['m'], slots: 1 }),
    ).rejects.toThrow(NoResponderError);
    await expect(ask(gateway, recordUsage, { batch_id: 'x', rows: [] })).rejects.toThrow('in time');
    expect(await gateway.answers('token-pool', 2_000)).toBe(true);
  });

  it('wake workers, follow tasks, and tell of client keys and callbacks', async () => {
    const [pool, worker, gateway] = [busOf('token-pool'), busOf('video-worker'), busOf('api-gateway')];
    const dispatcher = busOf('callback-dispatcher');
    const { signal } = new AbortController();
    expect(await worker.wakeUps.next('video', 1_000, signal)).toBe(false);
    gateway.wakeUps.send('video');
    expect(await worker.wakeUps.next('video', 5_000, signal)).toBe(true);
    // Acknowledged, it is not waiting any more.
    await expect.poll(() => worker.wakeUps.waiting('video'), { timeout: 4_000 }).toBe(0);
    expect(await may('chat', 'publish', wakeUpSubject('video'))).toBe(false);

    const seen: string[] = [];
    const id = `task_${'0'.repeat(32)}`;
    gateway.onTaskEvent(id, ({ state }) => void seen.push(state));
    worker.onCancel(id, () => void seen.push('cancel'));
    gateway.on(clientKeysChanged, () => void seen.push('keys'));
    dispatcher.on(callbackDue, () => void seen.push('callback'));
    await Promise.all([gateway.flush(), worker.flush(), dispatcher.flush()]);
    worker.publishTaskEvent({ id, version: 1, state: 'running', progress: 0 });
    gateway.publishCancel(id);
    pool.publish(clientKeysChanged, {});
    for (const bus of [worker, gateway]) bus.publish(callbackDue, {});
    await until(() => seen.length === 5);
    expect(seen.toSorted()).toEqual(['callback', 'callback', 'cancel', 'keys', 'running']);
  });
});
