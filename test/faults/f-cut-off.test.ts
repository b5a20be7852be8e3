import { setTimeout as sleep } from 'node:timers/promises';
import { type Direction, startSimulator, TcpRelay, type TestProcess, type TestSimulator } from '@grok2api/testkit';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { Experiment } from './record/experiment.js';
import { keepLogOnFailure } from './support/failure-log.js';
import { printFigures } from './support/figures.js';
import { NetworkNamespace } from './support/network-namespace.js';
import { SHORT } from './support/scale.js';

const CLAIM_TTL_MS = 1_500;
/** Longer than a claim, and than a statement takes to give up. */
const CUT_MS = 5_000;
const TASKS = 4;

const SERVERS = ['nats', 'postgres', 'upstream'] as const;
type Server = (typeof SERVERS)[number];
const BOTH: Direction[] = ['there', 'back'];

let simulator: TestSimulator;
let experiment: Experiment;
let relays: Record<Server, TcpRelay>;
/** Of the upstream, for who is not to be cut off from it. */
let undisturbed: TcpRelay;
let namespace: NetworkNamespace | undefined;
let worker: TestProcess;
let tasks = 0;

beforeAll(async () => {
  namespace = await NetworkNamespace.create();
  const host = namespace?.hostAddress ?? '127.0.0.1';
  simulator = await startSimulator({ SIMULATOR_VIDEO_MS: '4000' });
  const upstreamPort = Number(new URL(simulator.baseUrl).port);
  undisturbed = await TcpRelay.start(upstreamPort, host);
  experiment = await Experiment.start({
    simulator: simulator.client,
    env: {
      CLAIM_TTL_MS: String(CLAIM_TTL_MS),
      VIDEO_WORKER_SLOTS: '2',
      // The one that both find there, whoever is cut off.
      XAI_BASE_URL: undisturbed.through(simulator.baseUrl, host),
      XAI_API_KEYS: 'xai-fault-key-1,xai-fault-key-2',
    },
  });
  relays = {
    nats: await TcpRelay.start(Number(new URL(experiment.nats.url).port), host),
    postgres: await TcpRelay.start(Number(new URL(experiment.postgres.url).port), host),
    upstream: undisturbed,
  };
  worker = await experiment.system.startReplica(
    'video-worker',
    {
      NATS_URL: relays.nats.through(experiment.nats.url, host),
      DATABASE_URL: relays.postgres.through(experiment.postgres.url, host),
      VIDEO_WORKER_SLOTS: '8',
    },
    { name: 'video-worker-apart', within: namespace?.within ?? [] },
  );
});
beforeEach(() => keepLogOnFailure(experiment.system));
afterAll(async () => {
  await experiment?.stop();
  await Promise.all([...Object.values(relays ?? {})].map((relay) => relay.stop()));
  await simulator?.stop();
  await namespace?.remove();
});

type Fault = [name: string, begin: () => unknown, end: () => unknown];

const byRelay: Fault[] = SERVERS.flatMap((server): Fault[] => {
  const heal = () => relays[server].heal();
  return [
    [`${server}: connections are reset, and refused`, () => relays[server].cut(), heal],
    [`${server}: half-open, nothing passes`, () => relays[server].block(...BOTH), heal],
    [`${server}: nothing gets there`, () => relays[server].block('there'), heal],
    [`${server}: nothing comes back`, () => relays[server].block('back'), heal],
    [`${server}: a second later`, () => relays[server].delay(500), heal],
  ];
});
/** Packets of the worker alone are dropped: it is cut off, and others are not. */
const byPackets: Fault[] = [
  ...SERVERS.flatMap((server): Fault[] =>
    ([BOTH, ['there'], ['back']] as const).map((directions): Fault => {
      const drop = () => namespace?.drop(relays[server].port, ...directions);
      return [`${server}: packets are lost ${directions.join(' and ')}`, drop, () => namespace?.heal()];
    }),
  ),
  [
    'everything: packets are lost there and back',
    () => Promise.all(SERVERS.map((server) => namespace?.drop(relays[server].port, ...BOTH))),
    () => namespace?.heal(),
  ],
];
const cases = SHORT ? byRelay.slice(5, 7) : [...byRelay, ...byPackets];

it('a worker is cut off from its servers, one after the other and in every way', async () => {
  for (const [name, begin, end] of cases) {
    if (byPackets.some(([packets]) => packets === name) && !namespace) {
      printFigures({ 'left out, for want of network namespaces': name });
      continue;
    }
    const held = await untilItHolds(TASKS / 2);
    experiment.fault(name);
    await begin();
    // Meanwhile others are asked for, and the claims of what it holds run out.
    const [begunAt] = [Date.now(), await createSome(), await sleep(CUT_MS)];
    await end();
    experiment.fault(`${name}: over`);
    const ended = await experiment.untilAllEnded();
    printFigures({ [name]: `${held} tasks in its hands, all ended after ms ${Date.now() - begunAt}` });
    expect([...ended.values()].map(({ status }) => status)).not.toContain('cancelled');
  }
  await experiment.verify();
  // It has come back every time by itself.
  await untilItHolds(1);
  await experiment.untilAllEnded();
  expect(await worker.stop()).toEqual({ code: 0 });
}, 1_200_000);

async function createSome(): Promise<void> {
  for (let nth = 0; nth < TASKS; nth++) await experiment.makeVideo(`cut off ${++tasks}`);
}

/** Makes tasks until the worker apart has so many of those that run. */
async function untilItHolds(count: number): Promise<number> {
  const claims = () =>
    experiment.system.logLines({ instance: worker.instance, msg: 'submitted to the upstream' }).length;
  const before = claims();
  await vi.waitFor(
    async () => {
      await createSome();
      await vi.waitFor(() => expect(claims()).toBeGreaterThanOrEqual(before + count), { timeout: 3_000 });
    },
    { timeout: 60_000 },
  );
  return claims() - before;
}
