import type { Bus } from '@grok2api/bus';
import {
  API_ROUTES,
  type ModelCatalogue,
  parseCreateImageGeneration,
  parseCreateVideoGeneration,
} from '@grok2api/contracts';
import type { MediaStore } from '@grok2api/media-store';
import type { Logger, Metrics, Readiness } from '@grok2api/service-kit';
import type { TaskStore } from '@grok2api/task-store';
import express, { type Express, Router } from 'express';
import { acceptImageTask } from './accept-image-task.js';
import { acceptVideoTask } from './accept-video-task.js';
import { BodiesInFlight } from './body/bodies-in-flight.js';
import type { ClientKeyFeed } from './client-keys/client-key-feed.js';
import type { ClientKeys } from './client-keys/client-keys.js';
import { ConsoleSessions } from './console/console-sessions.js';
import type { KeyedRequests } from './idempotency/keyed-requests.js';
import { KnownRoutes } from './known-routes.js';
import type {} from './locals.js';
import type { GatewayMetrics } from './metrics.js';
import { allowedModel } from './middleware/allowed-model.js';
import { Authenticator } from './middleware/authenticate.js';
import { consoleSession } from './middleware/console-session.js';
import { crossOrigin } from './middleware/cross-origin.js';
import { answerErrors, routeNotFound } from './middleware/errors.js';
import { inTurn } from './middleware/in-turn.js';
import { jsonBody } from './middleware/json-body.js';
import { KeyGuesses } from './middleware/key-guesses.js';
import type { KeyLimits } from './middleware/key-limits.js';
import { knownRoute } from './middleware/known-route.js';
import { onlyLoopback } from './middleware/only-loopback.js';
import { requestContext } from './middleware/request-context.js';
import { requireHost } from './middleware/require-host.js';
import { securityHeaders } from './middleware/security-headers.js';
import type { SystemWatch } from './overview/system-watch.js';
import { PendingLimit } from './pending-limit.js';
import { PublicUrls } from './public-url.js';
import { QueuePositions } from './queue-positions.js';
import type { Relays } from './relay.js';
import { RequestMeter } from './request-meter.js';
import { adminRoutes } from './routes/admin/admin.js';
import { asyncGenerationRoutes } from './routes/async-generations.js';
import { chatRoutes } from './routes/chat.js';
import { consolePageRoutes } from './routes/console/pages.js';
import { consoleSessionRoutes } from './routes/console/session.js';
import { createVideoTask } from './routes/create-video-task.js';
import { docsRoutes } from './routes/docs.js';
import { fileRoutes } from './routes/files.js';
import { healthRoutes } from './routes/health.js';
import { imageRoutes } from './routes/images.js';
import { metricsRoutes } from './routes/metrics.js';
import { modelRoutes } from './routes/models.js';
import { taskRoutes } from './routes/tasks.js';
import { uploadRoutes } from './routes/uploads.js';
import { usageRoutes } from './routes/usage.js';
import type { GatewaySettings } from './settings.js';
import type { TaskFeed } from './task-feed.js';

const BYTES_PER_MB = 1_000_000;

export interface AppDependencies {
  settings: GatewaySettings;
  bus: Bus;
  tasks: TaskStore['tasks'];
  callbacks: TaskStore['callbacks'];
  feed: TaskFeed;
  models: ModelCatalogue;
  relays: Relays;
  keyed: KeyedRequests;
  clientKeys: ClientKeys;
  clientKeyFeed: ClientKeyFeed;
  keyLimits: KeyLimits;
  watch: SystemWatch;
  media: MediaStore;
  metrics: Metrics;
  measured: GatewayMetrics;
  readiness: Readiness;
  log: Logger;
  randomHex: () => string;
  newRequestId: () => string;
  now: () => number;
}

/** The HTTP API. Every route answers with and without the prefix `/v1`. */
export function createApp(dependencies: AppDependencies): Express {
  const { settings, clientKeys, clientKeyFeed, log, newRequestId, now } = dependencies;
  const authenticator = new Authenticator({ keys: clientKeys, refresh: () => clientKeyFeed.refresh(), now });
  const guesses = new KeyGuesses(now);
  const sessions = new ConsoleSessions(settings.CONSOLE_SECRET, now);
  const urls = new PublicUrls(settings.PUBLIC_URL);
  const requireKey = inTurn(authenticator.requireKey, dependencies.keyLimits.enforce);
  const bodiesInFlight = new BodiesInFlight(settings.BODIES_MAX_MB * BYTES_PER_MB);
  const json = [jsonBody(settings.JSON_BODY_MAX_MB, bodiesInFlight)];
  const common = {
    ...dependencies,
    urls,
    requireKey,
    positions: new QueuePositions(dependencies.tasks, now),
    pendingLimit: new PendingLimit(dependencies.tasks, settings.MAX_PENDING_PER_KEY, now),
    json: [...json, allowedModel],
    limits: { maxPromptLength: settings.PROMPT_MAX_CHARACTERS },
    fetchAllow: settings.FETCH_ALLOW,
    skippedEvents: dependencies.measured.sse.skipped,
  };
  const { models } = common;
  // Not counted: a client that waits for its task asks often.
  const readTask = settings.TASK_READS_REQUIRE_KEY ? authenticator.requireKey : authenticator.allowCapability;

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  if (settings.TRUST_PROXY !== undefined) app.set('trust proxy', trustedProxies(settings.TRUST_PROXY));
  const isOpen = () => clientKeys.mode === 'open';
  const { http, sse } = dependencies.measured;
  const meter = new RequestMeter(http);
  app.use(
    requestContext({ log, meter, droppedReaders: sse.dropped, newRequestId, now }),
    securityHeaders(),
    requireHost,
  );
  if (!settings.ALLOW_OPEN) app.use(onlyLoopback(settings.CORS_ORIGINS, isOpen));
  app.use(
    crossOrigin(settings.CORS_ORIGINS, isOpen),
    knownRoute(new KnownRoutes(API_ROUTES), authenticator.refuseWrongKey),
    consoleSession(sessions),
  );

  if (settings.ADMIN_KEY !== undefined) {
    app.use(
      '/admin/api',
      adminRoutes({ ...common, json, bodiesInFlight, adminKey: settings.ADMIN_KEY, guesses, keys: clientKeyFeed }),
    );
  }
  app.use(
    '/console',
    consoleSessionRoutes({ adminKey: settings.ADMIN_KEY, authenticator, clientKeys, sessions, guesses, json }),
    consolePageRoutes(),
  );
  const api = Router();
  // Looked through in this order: what is asked for most comes first.
  api.use(
    chatRoutes({
      ...common,
      contentFormat: settings.VIDEO_CONTENT_FORMAT,
      chatDeadlineMs: settings.CHAT_DEADLINE_MS,
    }),
    asyncGenerationRoutes({
      ...common,
      kind: 'video',
      accept: (req, res, answer) =>
        acceptVideoTask(parseCreateVideoGeneration(req.body, models, common.limits), answer, req, res, common),
    }),
    taskRoutes({ ...common, kind: 'video', create: createVideoTask(common), readTask }),
    healthRoutes({ ...common, expectedServices: settings.EXPECTED_SERVICES }),
    metricsRoutes(common),
    docsRoutes(),
    fileRoutes({ ...common, ttlMs: settings.MEDIA_TTL }),
    uploadRoutes(common),
    modelRoutes(common),
    usageRoutes(common),
    imageRoutes(common),
    asyncGenerationRoutes({
      ...common,
      kind: 'image',
      accept: (req, res, answer) =>
        acceptImageTask(parseCreateImageGeneration(req.body, models, common.limits), answer, req, res, common),
    }),
    taskRoutes({ ...common, kind: 'image', readTask }),
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
