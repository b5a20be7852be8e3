import { randomUUID } from 'node:crypto';
import { Bus } from '@grok2api/bus';
import { ModelCatalogue } from '@grok2api/contracts';
import { CredentialClient, type HeldGrant } from '@grok2api/credential-client';
import { createXaiUpstream, DEFAULT_PRESET_SUFFIXES, measureUpstream } from '@grok2api/grok-upstream';
import { openMediaStore } from '@grok2api/media-store';
import { ModelSync } from '@grok2api/model-sync';
import { createUpstreamPictures } from '@grok2api/pictures';
import { createSafeFetch } from '@grok2api/safe-fetch';
import { createRacePoints, runService } from '@grok2api/service-kit';
import { createMediaSweep, Reconciler, Runner } from '@grok2api/task-engine';
import { openTaskStore } from '@grok2api/task-store';
import { UsageReporter } from '@grok2api/usage-client';
import type { VideoDependencies } from './dependencies.js';
import { serviceMetrics } from './metrics.js';
import { readVideoWorkerSettings } from './settings.js';
import { runVideoTask } from './video-task.js';

const BYTES_PER_MB = 1_000_000;
/** Connections besides one for each slot: the reconciler's and the renewals'. */
const EXTRA_CONNECTIONS = 2;

await runService('video-worker', async (context) => {
  const { env, instance, log, metrics, shutdown } = context;
  const measured = serviceMetrics(metrics);
  const settings = readVideoWorkerSettings(env);
  const [now, random] = [Date.now, Math.random];

  const store = openTaskStore({
    databaseUrl: settings.DATABASE_URL,
    maxConnections: Math.min(settings.VIDEO_WORKER_SLOTS, 8) + EXTRA_CONNECTIONS,
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
  const dependencies: VideoDependencies = {
    credentials,
    upstream,
    media,
    safeFetch,
    pictures: createUpstreamPictures({ media, safeFetch }),
    usage,
    presetSuffixes: {
      ...DEFAULT_PRESET_SUFFIXES,
      fun: settings.PRESET_FUN_SUFFIX,
      spicy: settings.PRESET_SPICY_SUFFIX,
    },
    deadlineMs: settings.VIDEO_DEADLINE_MS,
    maxResultBytes: settings.RESULT_MAX_MB * BYTES_PER_MB,
    now,
    random,
  };

  const models = new ModelCatalogue();
  const reconciler = new Reconciler({
    kind: 'video',
    worker: instance,
    upkeep: store.upkeep,
    bus,
    log,
    metrics: measured.engine,
    deadlines: { queueMs: settings.QUEUE_DEADLINE_MS, runMs: settings.VIDEO_DEADLINE_MS },
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
  const videoModels = () => [...new Set(models.ofKind('video').map((model) => model.upstream))];

  const runner = new Runner<HeldGrant>({
    kind: 'video',
    worker: instance,
    slots: settings.VIDEO_WORKER_SLOTS,
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
    acquireGrant: (signal) => credentials.acquire(videoModels(), { signal }),
    work: (claimed, grant) => runVideoTask(claimed, grant, dependencies),
    reached: createRacePoints(settings.RACE_POINTS, log),
  });
  runner.start();
  shutdown.add('runner', () => runner.stop());

  await bus.announce(context);
  log.info({ slots: settings.VIDEO_WORKER_SLOTS }, 'taking tasks');
});
