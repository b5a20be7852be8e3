import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { freeLoopbackPort } from '@grok2api/launcher';
import { GenericContainer, getContainerRuntimeClient, type StartedTestContainer, Wait } from 'testcontainers';
import type { TestNats, TestServer } from './test-server.js';

/** The images that docker-compose.yml takes. */
export const NATS_IMAGE = 'nats:2.12-alpine';
export const POSTGRES_IMAGE = 'postgres:18-alpine';

const USER = 'grok2api';
const READY_WITHIN_MS = 60_000;
const POLL_MS = 100;

/** How a server is run in a container. */
interface ContainerPlan {
  image: string;
  port: number;
  /** Where it tells about itself over HTTP. */
  monitoringPort?: number;
  command: string[];
  environment: Record<string, string>;
  /** In its log once it runs, whether it answers yet or not. */
  running: RegExp;
  /** Run inside of the container, it ends with 0 once the server answers. */
  check: string[];
}

/** Starts a nats-server in a container, with an empty store. */
export async function startNatsContainer(): Promise<TestNats> {
  const password = randomBytes(16).toString('hex');
  const server = await startContainer({
    image: NATS_IMAGE,
    port: 4222,
    monitoringPort: 8222,
    command: ['-js', '-sd', '/data', '-m', '8222', '--user', USER, '--pass', password],
    environment: {},
    running: /Server is ready/,
    check: ['wget', '-q', '-O', '/dev/null', 'http://127.0.0.1:8222/healthz'],
  });
  return {
    ...server,
    url: `nats://${USER}:${password}@${server.address}`,
    monitoringUrl: `http://${server.monitoringAddress}`,
  };
}

/** Starts a Postgres server in a container, with an empty database. */
export async function startPostgresContainer(): Promise<TestServer> {
  const password = randomBytes(16).toString('hex');
  const server = await startContainer({
    image: POSTGRES_IMAGE,
    port: 5432,
    command: ['postgres', '-c', 'max_connections=200', '-c', 'timezone=UTC'],
    environment: {
      POSTGRES_USER: USER,
      POSTGRES_PASSWORD: password,
      POSTGRES_DB: USER,
      POSTGRES_INITDB_ARGS: '--no-sync',
    },
    running: /ready to accept connections/,
    // By TCP: the server that fills the new directory listens on its socket alone.
    check: ['pg_isready', '-q', '-h', '127.0.0.1', '-U', USER, '-d', USER],
  });
  return { ...server, url: `postgresql://${USER}:${password}@${server.address}/${USER}` };
}

async function startContainer(plan: ContainerPlan) {
  // Docker would choose another port at each start.
  const host = await freeLoopbackPort();
  const monitoringHost = await freeLoopbackPort();
  const ports = [
    { container: plan.port, host },
    ...(plan.monitoringPort === undefined ? [] : [{ container: plan.monitoringPort, host: monitoringHost }]),
  ];
  const create = () =>
    new GenericContainer(plan.image)
      .withExposedPorts(...ports)
      .withCommand(plan.command)
      .withEnvironment(plan.environment)
      // The usual wait runs a shell in the container ten times a second.
      .withWaitStrategy(Wait.forLogMessage(plan.running))
      .start();
  const engine = (await getContainerRuntimeClient()).container;
  let container = await create();
  let wiped = false;
  const handle = () => engine.getById(container.getId());
  const ready = () => untilReady(container, plan.check);
  await ready();
  return {
    address: `${container.getHost()}:${host}`,
    monitoringAddress: `${container.getHost()}:${monitoringHost}`,
    kill: async () => {
      await handle().kill();
      await handle().start();
      await ready();
    },
    freeze: () => handle().pause(),
    thaw: () => handle().unpause(),
    pause: () => engine.stop(handle(), { timeout: 30_000 }),
    crash: async () => {
      await handle().kill();
    },
    resume: async () => {
      if (wiped) container = await create();
      else await handle().start();
      wiped = false;
      await ready();
    },
    wipe: async () => {
      await handle().remove({ v: true });
      wiped = true;
    },
    stop: () => handle().remove({ force: true, v: true }),
  };
}

async function untilReady(container: StartedTestContainer, check: string[]): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    // While the container is on its way there is nothing to run it in.
    const result = await container.exec(check).catch((err: unknown) => ({ exitCode: 1, output: String(err) }));
    if (result.exitCode === 0) return;
    if (Date.now() > deadline) throw new Error(`the container does not get ready: ${result.output}`);
    await sleep(POLL_MS);
  }
}
