import { hostname } from 'node:os';
import { createLogger, type Logger } from './logger.js';
import { SettingsError } from './settings.js';
import { Shutdown } from './shutdown.js';

/** What `runService` hands to a service. */
export interface ServiceContext {
  env: NodeJS.ProcessEnv;
  /** Name of this process among its likes, `video-worker-2`; unique on its host. */
  instance: string;
  log: Logger;
  shutdown: Shutdown;
}

/** Exit code after a bad setting (EX_CONFIG of sysexits.h): starting again would not help. */
export const EXIT_BAD_SETTING = 78;

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/**
 * Runs a service until it is told to stop: builds its logger, calls `start`, and on SIGTERM, SIGINT or
 * the end of the launcher runs the shutdown steps and exits 0. A second signal exits at once with 1.
 * A bad setting exits with 78 and one log line a fault; anything else that nobody caught exits with 1.
 */
export async function runService(name: string, start: (context: ServiceContext) => Promise<void>): Promise<void> {
  const env = process.env;
  // As in every setting, an empty variable counts as not set.
  const instance = env.INSTANCE || `${name}@${hostname()}:${process.pid}`;
  const level = LOG_LEVELS.find((each) => each === (env.LOG_LEVEL || 'info'));
  const log = createLogger({ service: name, instance, level: level ?? 'info' });
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
    if (!level) throw new SettingsError([`LOG_LEVEL: must be one of ${LOG_LEVELS.join(', ')}`]);
    await start({ env, instance, log, shutdown });
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
