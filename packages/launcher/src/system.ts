import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger, EXIT_BAD_SETTING, type Logger } from '@grok2api/service-kit';
import { gatewayBase } from './gateway-base.js';
import { LaunchError } from './launch-error.js';
import type { LaunchSettings } from './launch-settings.js';
import type { LogOutput } from './logs/log-output.js';
import { ServiceLines } from './logs/service-lines.js';
import { migrate } from './migrate.js';
import { prepareNats } from './nats-server/prepare-nats.js';
import { assertPortFree } from './ports.js';
import { preparePostgres } from './postgres/prepare-postgres.js';
import type { PreparedServer, ServerOptions } from './prepared-server.js';
import { waitForHealth, waitForPort } from './readiness.js';
import { serviceEnvironment, sharedEnvironment } from './service-environment.js';
import { instancesOf, type ServiceInstance, type ServiceRow } from './services.js';
import { settled } from './settled.js';
import { Guardian } from './supervision/guardian.js';
import { RunDirectory } from './supervision/run-directory.js';
import { SupervisedProcess } from './supervision/supervised-process.js';
import { systemValues } from './system-values.js';

/** What a system is made of. */
export interface SystemOptions {
  /** The project's root: entries of services count from here. */
  root: string;
  /** Fetched programs are kept in here. */
  cacheDir: string;
  settings: LaunchSettings;
  /** The user's environment. */
  env: NodeJS.ProcessEnv;
  services: readonly ServiceRow[];
  migrations: readonly string[];
  videoWorkers: number;
  output: LogOutput;
}

const SERVICE_STOP_TIMEOUT_MS = 20_000;
/** As in deploy/docker/Dockerfile, which says why. */
const SERVICE_NODE_OPTIONS = ['--max-semi-space-size=32', '--heap-growing-percent=50'];
const HEALTHY_WITHIN_MS = 60_000;

/** Every process of one installation, started and stopped as a whole. */
export class System {
  readonly #options: SystemOptions;
  readonly #log: Logger;
  readonly #runDirectory: RunDirectory;
  readonly #guardian: Guardian;
  /** In the order of their start; the processes of a group start and stop together. */
  readonly #groups: SupervisedProcess[][] = [];
  readonly #failed = new AbortController();
  #claimed = false;

  /** Makes the data directory; starts nothing. */
  constructor(options: SystemOptions) {
    this.#options = options;
    this.#log = this.#logger('launcher');
    // Others may pass through, as Postgres' own user has to, and see nothing but names they know.
    mkdirSync(options.settings.dataDir, { recursive: true, mode: 0o711 });
    this.#runDirectory = new RunDirectory(join(options.settings.dataDir, 'run'));
    this.#guardian = new Guardian({
      env: { PATH: options.env.PATH },
      register: this.#runDirectory,
      log: this.#logger('guardian'),
    });
  }

  /**
   * Starts everything; resolves when all services answer.
   * @throws LaunchError when something cannot be started, the signal's reason when aborted; `stop` has to follow
   */
  async start(stopSignal: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([stopSignal, this.#failed.signal]);
    const { root, settings, env, migrations, output } = this.#options;
    this.#runDirectory.claim();
    this.#claimed = true;
    const leftovers = await this.#runDirectory.endLeftovers();
    if (leftovers.length > 0) this.#log.warn({ leftovers }, 'ended what an earlier launcher had left running');
    await assertPortFree(settings.port, settings.host);
    await this.#guardian.start(signal);

    const [natsUrl, databaseUrl] = await settled([
      settings.natsUrl ?? this.#startServer('nats', prepareNats, signal),
      settings.databaseUrl ?? this.#startServer('postgres', preparePostgres, signal),
    ]);
    const migrationEnv = {
      ...sharedEnvironment(env),
      INSTANCE: 'migrations',
      DATABASE_URL: databaseUrl,
      LOG_LEVEL: settings.logLevel,
    };
    await migrate(migrations, { root, env: migrationEnv, output, log: this.#logger('migrations'), signal });

    const instances = instancesOf(this.#options.services, {
      videoWorkers: this.#options.videoWorkers,
      upstream: settings.upstream,
    });
    const expectedServices = instances.map(({ row }) => row).filter(({ expected }) => expected);
    const values = await systemValues(settings, {
      natsUrl,
      databaseUrl,
      expectedServices: [...new Set(expectedServices.map(({ name }) => name))],
    });
    for (const wave of [0, 1, 2]) {
      const processes = instances
        .filter(({ row }) => row.wave === wave)
        .map((instance) => this.#service(instance, serviceEnvironment(instance, env, values)));
      this.#groups.push(processes);
      await settled(processes.map((each) => each.start(signal)));
    }
    await settled([
      waitForHealth(gatewayBase(settings, '127.0.0.1'), HEALTHY_WITHIN_MS, signal),
      values.simulatorPort === undefined ? undefined : waitForPort(values.simulatorPort, HEALTHY_WITHIN_MS, signal),
    ]);
  }

  /**
   * Resolves when the signal is aborted.
   * @throws LaunchError when a service says, after the start too, that it cannot work with its settings; `stop` has to follow
   */
  async run(stopSignal: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([stopSignal, this.#failed.signal]);
    if (!signal.aborted) await once(signal, 'abort');
    if (!stopSignal.aborted) this.#failed.signal.throwIfAborted();
  }

  /** Stops everything in the reverse order of the start; data is kept. */
  async stop(): Promise<void> {
    for (const group of this.#groups.toReversed()) await Promise.all(group.map((each) => each.stop()));
    await this.#guardian.stop();
    if (this.#claimed) this.#runDirectory.release();
  }

  /** Ends everything at once. */
  kill(): void {
    for (const each of this.#groups.flat()) each.kill();
    this.#guardian.kill();
    if (this.#claimed) this.#runDirectory.release();
  }

  async #startServer(
    name: string,
    prepare: (options: ServerOptions) => Promise<PreparedServer>,
    signal: AbortSignal,
  ): Promise<string> {
    const { cacheDir, settings, env } = this.#options;
    const server = await prepare({
      dataDir: settings.dataDir,
      cacheDir,
      env: sharedEnvironment(env),
      register: this.#guardian,
      log: this.#logger(name),
      signal,
    });
    const process = server.newProcess();
    this.#groups.push([process]);
    await process.start(signal);
    return server.url;
  }

  #service({ row, instance }: ServiceInstance, env: NodeJS.ProcessEnv): SupervisedProcess {
    const log = this.#logger(row.name, instance);
    const lines = new ServiceLines(this.#options.output, log);
    return new SupervisedProcess(
      {
        name: instance,
        file: process.execPath,
        args: [...SERVICE_NODE_OPTIONS, join(this.#options.root, row.entry)],
        env,
        cwd: this.#options.root,
        channel: true,
        stopSignal: 'SIGTERM',
        stopTimeoutMs: SERVICE_STOP_TIMEOUT_MS,
        onLine: (line, stream) => lines.take(line, stream),
        onExit: ({ code }) => {
          const details = lines.takeFatalMessages();
          if (code !== EXIT_BAD_SETTING) return;
          this.#failed.abort(new LaunchError(`${instance} cannot work with its settings.`, { details }));
        },
      },
      { register: this.#guardian, log },
    );
  }

  #logger(service: string, instance = service): Logger {
    return createLogger({
      service,
      instance,
      level: this.#options.settings.logLevel,
      destination: this.#options.output,
    });
  }
}
