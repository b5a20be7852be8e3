import { hostname } from 'node:os';
import type { LogLevel } from '@grok2api/contracts';
import { createLogger, type Logger } from './logger.js';
import { createMetrics, type Metrics } from './metrics/metrics.js';
import { processMetrics } from './metrics/process-metrics.js';
import { openOpsServer } from './ops/ops-server.js';
import { Readiness } from './ops/readiness.js';
import { settingsSchema, standardOpsPort } from './process-settings.js';
import { readSettings, SettingsError } from './settings.js';
import { Shutdown } from './shutdown.js';

/** What `runService` hands to a service. */
export interface ServiceContext {
  env: NodeJS.ProcessEnv;
  service: string;
  /** Name of this process among its likes, `video-worker-2`; unique on its host. */
  instance: string;
  log: Logger;
  setLogLevel: (level: LogLevel) => void;
  metrics: Metrics;
  /** What `/readyz` says; the service adds what it needs. */
  readiness: Readiness;
  shutdown: Shutdown;
}

/** Exit code after a bad setting (EX_CONFIG of sysexits.h): starting again would not help. */
export const EXIT_BAD_SETTING = 78;

/**
 * Runs a service until it is told to stop: builds its logger and metrics, opens its ops port, calls `start`, and on
 * SIGTERM, SIGINT or the end of the launcher runs the shutdown steps and exits 0. A second signal exits at once with 1.
 * A bad setting exits with 78 and one log line a fault; anything else that nobody caught exits with 1.
 */
export async function runService(service: string, start: (context: ServiceContext) => Promise<void>): Promise<void> {
  const env = process.env;
  // As in every setting, an empty variable counts as not set.
  const instance = env.INSTANCE || `${service}@${hostname()}:${process.pid}`;
  const metrics = createMetrics(service);
  const { ready, logLines } = processMetrics(metrics);
  const level = settingsSchema.shape.LOG_LEVEL.safeParse(env.LOG_LEVEL || undefined).data ?? 'info';
  const log = createLogger({ service, instance, level, onLine: (of) => logLines.inc({ level: of }) });
  const shutdown = new Shutdown();

  const stop = (why: string) => {
    if (shutdown.signal.aborted) {
      log.warn({ why }, 'told to stop twice, exiting at once');
      process.exit(1);
    }
    log.info({ why }, 'stopping');
    void shutdown.run(log).then(() => {
      log.info('stopped');
      process.exit(0);
    });
  };
  const crash = (err: unknown) => {
    log.fatal({ err }, 'crashed');
    process.exit(1);
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  stopWithLauncher(() => {
    if (!shutdown.signal.aborted) stop('the launcher is gone');
  });

  try {
    const settings = readSettings(settingsSchema, env);
    if (settings.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined) {
      // Loaded only here: without a collector its modules cost neither memory nor time.
      const { exportSpans } = await import('./tracing/otlp.js');
      shutdown.add('spans', exportSpans(service, instance));
    }
    const readiness = new Readiness(shutdown.signal);
    ready.readFrom(() => [{ labels: {}, value: readiness.missing.length === 0 ? 1 : 0 }]);
    const setLogLevel = (to: LogLevel) => {
      // Told whatever the levels.
      log.level = 'info';
      log.info({ to }, 'log level set');
      log.level = to;
    };
    const port = settings.OPS_PORT ?? standardOpsPort(service);
    if (port !== undefined) {
      const orAnother = settings.OPS_PORT === undefined;
      const logLevel = { get: () => log.level, set: setLogLevel };
      const ops = await openOpsServer({ host: settings.OPS_HOST, port, orAnother, metrics, readiness, logLevel });
      shutdown.add('ops port', () => ops.close());
      log.info({ url: ops.url }, 'ops port open');
    }
    await start({ env, service, instance, log, setLogLevel, metrics, readiness, shutdown });
    readiness.started();
  } catch (err) {
    if (err instanceof SettingsError) {
      for (const fault of err.faults) log.fatal(fault);
      process.exit(EXIT_BAD_SETTING);
    }
    crash(err);
  }
}

// A launcher that was killed cannot stop its children, but its end of their channel closes.
function stopWithLauncher(stop: () => void): void {
  // Node leaves this undefined in a process that was started without a channel.
  if (process.connected === undefined) return;
  // It may have closed already, while this process was loading its modules.
  if (process.connected) {
    process.on('disconnect', stop);
    process.channel?.unref();
  } else stop();
}
