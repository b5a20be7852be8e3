import type { Bus } from '@grok2api/bus';
import { ModelCatalogue } from '@grok2api/contracts';
import type { MediaStore } from '@grok2api/media-store';
import type { Logger, Metrics } from '@grok2api/service-kit';
import type { TaskStore } from '@grok2api/task-store';
import express, { type Express, Router } from 'express';
import type { ClientKeyFeed } from './client-keys/client-key-feed.js';
import type { ClientKeys } from './client-keys/client-keys.js';
import type {} from './locals.js';
import { allowedModel } from './middleware/allowed-model.js';
import { Authenticator } from './middleware/authenticate.js';
import { answerErrors, routeNotFound } from './middleware/errors.js';
import { inTurn } from './middleware/in-turn.js';
import { jsonBody } from './middleware/json-body.js';
import type { KeyLimits } from './middleware/key-limits.js';
import { onlyLoopback } from './middleware/only-loopback.js';
import { requestContext } from './middleware/request-context.js';
import { PendingLimit } from './pending-limit.js';
import { PublicUrls } from './public-url.js';
import { QueuePositions } from './queue-positions.js';
import { adminRoutes } from './routes/admin/admin.js';
import { chatRoutes } from './routes/chat.js';
import { fileRoutes } from './routes/files.js';
import { healthRoutes } from './routes/health.js';
import { metricsRoutes } from './routes/metrics.js';
import { uploadRoutes } from './routes/uploads.js';
import { usageRoutes } from './routes/usage.js';
import { videoGenerationRoutes } from './routes/video-generations.js';
import { videoTaskRoutes } from './routes/video-tasks.js';
import type { GatewaySettings } from './settings.js';
import { TaskBodies } from './task-body.js';
import type { TaskFeed } from './task-feed.js';

export interface AppDependencies {
  settings: GatewaySettings;
  bus: Bus;
  tasks: TaskStore['tasks'];
  feed: TaskFeed;
  clientKeys: ClientKeys;
  clientKeyFeed: ClientKeyFeed;
  keyLimits: KeyLimits;
  media: MediaStore;
  metrics: Metrics;
  log: Logger;
  randomHex: () => string;
  newRequestId: () => string;
  now: () => number;
}

/** The HTTP API. Every route answers with and without the prefix `/v1`. */
export function createApp(dependencies: AppDependencies): Express {
  const { settings, clientKeys, clientKeyFeed, log, newRequestId, now } = dependencies;
  const authenticator = new Authenticator({ keys: clientKeys, refresh: () => clientKeyFeed.refresh(), now });
  const urls = new PublicUrls(settings.PUBLIC_URL);
  const bodies = new TaskBodies(urls);
  const requireKey = inTurn(authenticator.requireKey, dependencies.keyLimits.enforce);
  const json = jsonBody(settings.JSON_BODY_MAX_MB);
  const common = {
    ...dependencies,
    urls,
    bodies,
    requireKey,
    models: new ModelCatalogue(),
    positions: new QueuePositions(dependencies.tasks, now),
    pendingLimit: new PendingLimit(dependencies.tasks, settings.MAX_PENDING_PER_KEY, now),
    json: [...json, allowedModel],
    limits: { maxPromptLength: settings.PROMPT_MAX_CHARACTERS },
    fetchAllow: settings.FETCH_ALLOW,
  };

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  if (settings.TRUST_PROXY !== undefined) app.set('trust proxy', trustedProxies(settings.TRUST_PROXY));
  app.use(requestContext(log, newRequestId, now));
  if (!settings.ALLOW_OPEN) app.use(onlyLoopback(settings.CORS_ORIGINS, () => clientKeys.mode === 'open'));

  if (settings.ADMIN_KEY !== undefined) {
    app.use('/admin/api', adminRoutes({ ...common, json, adminKey: settings.ADMIN_KEY, keys: clientKeyFeed }));
  }
  const api = Router();
  api.use(
    healthRoutes({ ...common, expectedServices: settings.EXPECTED_SERVICES }),
    metricsRoutes(common),
    fileRoutes({ ...common, ttlMs: settings.MEDIA_TTL }),
    uploadRoutes(common),
    chatRoutes({ ...common, contentFormat: settings.VIDEO_CONTENT_FORMAT }),
    usageRoutes(common),
    videoGenerationRoutes(common),
    videoTaskRoutes({
      ...common,
      // Not counted: a client that waits for its task asks often.
      readTask: settings.TASK_READS_REQUIRE_KEY ? authenticator.requireKey : authenticator.allowCapability,
    }),
  );
  app.use('/v1', api);
  app.use(api);
  app.use(routeNotFound);
  app.use(answerErrors(log));
  return app;
}

// Express tells `true`, a number of hops and a list of addresses apart by type.
function trustedProxies(text: string): boolean | number | string {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d+$/.test(text) ? Number(text) : text;
}
