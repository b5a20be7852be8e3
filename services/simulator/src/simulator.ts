import type { Server } from 'node:http';
import { join } from 'node:path';
import type { HttpMetrics, Logger } from '@grok2api/service-kit';
import { apiKeyRoutes } from './api-key/routes.js';
import { createApp } from './app.js';
import { chatRoutes } from './chat/routes.js';
import { Concurrency } from './concurrency.js';
import { loadPromptFont } from './draw/font.js';
import { FaultRules } from './faults/fault-rules.js';
import { imageRoutes } from './images/routes.js';
import { modelRoutes } from './models/routes.js';
import { RequestLog } from './request-log.js';
import type { SimulatorSettings } from './settings.js';
import { JobStore } from './videos/job-store.js';
import { Renderer } from './videos/renderer.js';
import { videoRoutes } from './videos/routes.js';
import { createAuthenticator } from './wire/authenticate.js';

const RETENTION_MS = 48 * 60 * 60 * 1000;
const SWEEP_EVERY_MS = 60 * 60 * 1000;
const CLOSE_GRACE_MS = 2000;

/** What the simulator needs from its process. */
export interface SimulatorContext {
  log: Logger;
  http: HttpMetrics;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** A simulator that listens. */
export interface RunningSimulator {
  port: number;
  /** Its origin on the host it listens on, without a trailing slash; the API is below `/v1`. */
  url: string;
  /** Stops listening, ends hung requests, kills the encoders and removes their temporary files. */
  close(): Promise<void>;
}

/**
 * Starts a simulator with the jobs it finds in its data directory; jobs older than 48 hours are removed, now and hourly.
 * @throws Error when the data directory cannot be used or the port is taken
 */
export async function startSimulator(
  settings: SimulatorSettings,
  { log, http, now }: SimulatorContext,
): Promise<RunningSimulator> {
  loadPromptFont();
  const jobs = await JobStore.open(join(settings.DATA_DIR, 'simulator'), log);
  await jobs.removeCreatedBefore(now() - RETENTION_MS);
  const renderer = new Renderer({ jobs, log, now });
  const faults = new FaultRules();
  const app = createApp({
    routes: [
      ...modelRoutes(),
      ...apiKeyRoutes(),
      ...chatRoutes({ now, tokenMs: settings.SIMULATOR_TOKEN_MS }),
      ...imageRoutes({ now, imageMs: settings.SIMULATOR_IMAGE_MS, urlTtlMs: settings.SIMULATOR_URL_TTL_MS }),
      ...videoRoutes({
        jobs,
        renderer,
        now,
        generationMs: settings.SIMULATOR_VIDEO_MS,
        urlTtlMs: settings.SIMULATOR_URL_TTL_MS,
      }),
    ],
    authenticate: createAuthenticator(settings.SIMULATOR_KEYS),
    requestLog: new RequestLog(now),
    faults,
    concurrency: new Concurrency(),
    jobs,
    now,
    log,
    http,
  });
  const server = await listen(app, settings);
  const sweep = setInterval(() => {
    jobs.removeCreatedBefore(now() - RETENTION_MS).catch((err: unknown) => log.error({ err }, 'sweep failed'));
  }, SWEEP_EVERY_MS);
  sweep.unref();

  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP address');
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    port: address.port,
    url: `http://${host}:${address.port}`,
    close: async () => {
      clearInterval(sweep);
      faults.clear();
      await Promise.all([closeServer(server), renderer.close()]);
      await jobs.close();
    },
  };
}

function listen(app: ReturnType<typeof createApp>, settings: SimulatorSettings): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = app.listen(settings.PORT, settings.HOST, (err) => (err ? reject(err) : resolve(server)));
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cutOff = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
    server.close(() => {
      clearTimeout(cutOff);
      resolve();
    });
  });
}
