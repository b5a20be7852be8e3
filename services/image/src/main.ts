import { randomBytes, randomUUID } from 'node:crypto';
import { Bus } from '@grok2api/bus';
import { editImages, generateImages, ModelCatalogue } from '@grok2api/contracts';
import { CredentialClient, type HeldGrant } from '@grok2api/credential-client';
import { createXaiUpstream, measureUpstream } from '@grok2api/grok-upstream';
import { openMediaStore } from '@grok2api/media-store';
import { ModelSync } from '@grok2api/model-sync';
import { createUpstreamPictures } from '@grok2api/pictures';
import { createSafeFetch } from '@grok2api/safe-fetch';
import { createRacePoints, runService } from '@grok2api/service-kit';
import { createMediaSweep, Reconciler, Runner } from '@grok2api/task-engine';
import { openTaskStore } from '@grok2api/task-store';
import { UsageReporter } from '@grok2api/usage-client';
import { answerRequest } from './answer-request.js';
import type { ImageDependencies } from './dependencies.js';
import { runImageTask } from './image-task.js';
import { serviceMetrics } from './metrics.js';
import { readImageSettings } from './settings.js';

const SERVICE = 'image';
/** Connections besides one for each slot: the reconciler's and the renewals'. */
const EXTRA_CONNECTIONS = 2;

await runService(SERVICE, async (context) => {
  const { env, instance, log, metrics, shutdown } = context;
  const measured = serviceMetrics(metrics);
  const settings = readImageSettings(env);
  const [now, random] = [Date.now, Math.random];

  const store = openTaskStore({
    databaseUrl: settings.DATABASE_URL,
    maxConnections: Math.min(settings.IMAGE_WORKER_SLOTS, 8) + EXTRA_CONNECTIONS,
    metrics: measured.store,
  });
  shutdown.add('task store', () => store.close());

  const bus = await Bus.connect({ url: settings.NATS_URL, name: instance, log, metrics: measured.bus });
  shutdown.add('bus', () => bus.close());

  const upstream = measureUpstream(createXaiUpstream({ proxyUrl: settings.UPSTREAM_PROXY }), measured.upstream);
  shutdown.add('upstream', () => upstream.close());

  const safeFetch = createSafeFetch({ allow: settings.FETCH_ALLOW, proxy: settings.FETCH_PROXY });
  shutdown.add('safe fetch', () => safeFetch.close());

  const credentials = new CredentialClient({ bus, holder: instance, now, log, metrics: measured.credentials });
  shutdown.add('credential client', () => credentials.close());

  const usage = new UsageReporter({ bus, log, now, newBatchId: randomUUID });
  shutdown.add('usage', () => usage.close());

  const media = await openMediaStore(settings, { metrics: measured.media });
  const dependencies: ImageDependencies = {
    credentials,
    usage,
    upstream,
    media,
    pictures: createUpstreamPictures({ media, safeFetch }),
    timeoutMs: settings.IMAGE_TIMEOUT_MS,
    credentialWaitMs: settings.CREDENTIAL_WAIT_MS,
    log,
    imageCounter: measured.images,
    randomHex: () => randomBytes(16).toString('hex'),
    now,
    random,
  };

  const models = new ModelCatalogue();
  const reconciler = new Reconciler({
    kind: 'image',
    worker: instance,
    upkeep: store.upkeep,
    bus,
    log,
    metrics: measured.engine,
    // A call has its own deadline: a task runs longer only while the upstream refuses it, as one that waits.
    deadlines: { queueMs: settings.QUEUE_DEADLINE_MS, runMs: settings.QUEUE_DEADLINE_MS },
    models,
    retentionMs: settings.TASK_RETENTION,
    sweepMedia: createMediaSweep({ media, upkeep: store.upkeep, ttlMs: settings.MEDIA_TTL, log, now }),
    random,
  });
  reconciler.start();
  shutdown.add('reconciler', () => reconciler.stop());

  const modelSync = new ModelSync({ bus, catalogue: models, log });
  modelSync.start();
  shutdown.add('model sync', () => modelSync.stop());
  const imageModels = () => [...new Set(models.ofKind('image').map((model) => model.upstream))];

  const runner = new Runner<HeldGrant>({
    kind: 'image',
    worker: instance,
    slots: settings.IMAGE_WORKER_SLOTS,
    claimTtlMs: settings.CLAIM_TTL_MS,
    ownerMaxRunning: settings.OWNER_MAX_RUNNING,
    queue: store.queue,
    claims: store.claims,
    bus,
    log,
    metrics: measured.engine,
    newToken: randomUUID,
    now,
    random,
    acquireGrant: (signal) => credentials.acquire(imageModels(), { signal }),
    work: (claimed, grant) => runImageTask(claimed, grant, dependencies),
    reached: createRacePoints(settings.RACE_POINTS, log),
  });
  runner.start();
  for (const rpc of [generateImages, editImages]) {
    bus.serveStream(rpc, (request, reply, context) => answerRequest(request, reply, context, dependencies), {
      maxInFlight: settings.IMAGE_MAX_IN_FLIGHT,
      claimCheck: media,
    });
  }
  // What the upstream was asked for is paid: it is waited for.
  shutdown.add('requests and tasks', async () => {
    await Promise.all([runner.stop(), bus.stopServing()]);
  });

  await bus.announce(context);
  log.info({ slots: settings.IMAGE_WORKER_SLOTS }, 'taking requests and tasks');
});
