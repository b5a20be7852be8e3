import { randomUUID } from 'node:crypto';
import { Bus } from '@grok2api/bus';
import { API_ROUTES, admitRequests, holdRequestSlots, ModelCatalogue } from '@grok2api/contracts';
import { FilesystemMediaStore } from '@grok2api/media-store';
import { createLogger, Metrics, Readiness } from '@grok2api/service-kit';
import { openTaskStore } from '@grok2api/task-store';
import { startNats, type TestNats, tempDir } from '@grok2api/testkit';
import type { Express } from 'express';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { createApp } from '../src/app.js';
import { ClientKeyFeed } from '../src/client-keys/client-key-feed.js';
import { ClientKeys } from '../src/client-keys/client-keys.js';
import { KeyedRequests } from '../src/idempotency/keyed-requests.js';
import { serviceMetrics } from '../src/metrics.js';
import { KeyLimits } from '../src/middleware/key-limits.js';
import { SystemWatch } from '../src/overview/system-watch.js';
import { Relays } from '../src/relay.js';
import { readGatewaySettings } from '../src/settings.js';
import { TaskFeed } from '../src/task-feed.js';

const CALL = { timeoutMs: 1_000 };
/** Under which whole groups of routes answer. */
const PREFIXES = ['/v1', '/admin/api', '', '/console'];

let nats: TestNats;
let directory: Awaited<ReturnType<typeof tempDir>>;
let app: Express;
const closing: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  nats = await startNats();
  directory = await tempDir();
  // Nobody asks it anything.
  const DATABASE_URL = 'postgresql://nobody:nothing@127.0.0.1:1/none';
  const settings = readGatewaySettings({
    NATS_URL: nats.url,
    DATABASE_URL,
    MEDIA_DIR: directory.path,
    ADMIN_KEY: 'admin-secret-1',
  });
  const log = createLogger({ service: 'test', instance: 'test', level: 'silent' });
  const bus = await Bus.connect({ url: nats.url, name: 'test', log });
  const store = openTaskStore({ databaseUrl: DATABASE_URL, maxConnections: 1 });
  const media = new FilesystemMediaStore(directory.path);
  const now = Date.now;
  const randomHex = () => randomUUID().replaceAll('-', '');
  const feed = new TaskFeed(bus, store.tasks, log);
  const keyed = new KeyedRequests({ records: store.idempotency, media, randomHex, log, now });
  const clientKeys = new ClientKeys([]);
  const keyLimits = new KeyLimits({
    admit: (key_id, count) => bus.call(admitRequests, { key_id, count }, CALL),
    hold: (key_id, slots) => bus.call(holdRequestSlots, { key_id, holder: 'test', slots }, CALL),
    now,
    log,
  });
  closing.push(
    () => keyLimits.close(),
    () => feed.close(),
    () => keyed.close(),
    () => bus.close(),
    () => store.close(),
  );
  const metrics = new Metrics('test');
  app = createApp({
    settings,
    bus,
    tasks: store.tasks,
    callbacks: store.callbacks,
    feed,
    models: new ModelCatalogue(),
    relays: new Relays(log, now),
    keyed,
    clientKeys,
    clientKeyFeed: new ClientKeyFeed(bus, clientKeys, log),
    keyLimits,
    watch: new SystemWatch({ bus, now, log }),
    media,
    metrics,
    measured: serviceMetrics(metrics),
    readiness: new Readiness(new AbortController().signal),
    log,
    randomHex,
    newRequestId: randomUUID,
    now,
  });
});
afterAll(async () => {
  for (const close of closing) await close();
  await nats?.stop();
  await directory?.remove();
});

// What Express' router keeps of what was added to it.
const routerSchema = z.custom<{ stack: unknown[] }>((value) => typeof value === 'function' && 'stack' in value);
const layerSchema = z.object({
  match: z.custom<(path: string) => boolean>((value) => typeof value === 'function'),
  route: z.object({ path: z.string(), methods: z.record(z.string(), z.boolean()) }).optional(),
  handle: z.unknown(),
});

/** Every route of a router, as METHOD PATH, with `*` for what varies. */
function routesOf(router: unknown, prefix = ''): string[] {
  const { stack } = routerSchema.parse(router);
  return stack.flatMap((entry) => {
    const layer = layerSchema.parse(entry);
    if (layer.route) {
      const path = (prefix + layer.route.path).replace(/:\w+/g, '*').replace(/(?<=.)\/$/, '');
      return Object.keys(layer.route.methods).map((method) => `${method} ${path}`);
    }
    if (!routerSchema.safeParse(layer.handle).success) return [];
    // A layer says what it matches, not what it was added under.
    const matches = (path: string) => layer.match.call(entry, path);
    const own = matches('/elsewhere') ? '' : (PREFIXES.find((each) => matches(`${each}/x`)) ?? '?');
    return routesOf(layer.handle, prefix + own);
  });
}

it('every route of the application is in the table, and every route of the table in the application', () => {
  const shaped = ({ method, path }: { method: string; path: string }) => `${method} ${path.replace(/\{\w+\}/g, '*')}`;
  const both = (route: string): string[] => {
    const plain = route.replace(' /v1/', ' /');
    return /^\w+ \/(admin|console)\b/.test(route) ? [route] : [plain, plain.replace(' ', ' /v1')];
  };
  const wanted = API_ROUTES.flatMap((route) => both(shaped(route)));
  expect([...new Set(routesOf(app.router))].sort()).toEqual([...new Set(wanted)].sort());
});
