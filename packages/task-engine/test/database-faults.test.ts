import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Metrics } from '@grok2api/service-kit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ClaimedTask, engineMetrics, TaskLeftError } from '../src/index.js';
import { gate, LONG_MS, logTo, MODEL, TestEngine, until, workQuickly } from './test-engine.js';

let engine: TestEngine;

beforeAll(async () => {
  engine = await TestEngine.start();
});

afterAll(() => engine.stop());

afterEach(() => engine.empty());

describe('a worker', () => {
  it('tries a write again until the database is back, and it lands', async () => {
    const submitted = gate();
    const away = gate();
    const written = gate();
    const worker = await engine.startWorker({
      work: async (claimed) => {
        await claimed.intend('cred_1');
        await claimed.submit('job_1');
        submitted.open();
        await away.opened;
        await claimed.advance(50);
        await claimed.complete({ media: ['video.mp4'] });
        written.open();
      },
    });
    const [id = ''] = await engine.create(1, { wakeUps: false });
    const events = await engine.watch(id);
    engine.bus.wakeUps.send('video');
    await submitted.opened;
    await engine.postgres.pause();
    away.open();
    await until(() => worker.lines.filter(({ msg }) => msg === 'the task database is away, trying again').length > 1);
    await engine.postgres.resume();
    await written.opened;
    expect(await engine.read(id)).toMatchObject({ state: 'completed', version: 4, result: { media: ['video.mp4'] } });
    await until(() => events.length === 3);
    expect(events.map(({ version, state }) => ({ version, state }))).toEqual([
      { version: 2, state: 'running' },
      { version: 3, state: 'running' },
      { version: 4, state: 'completed' },
    ]);
  });

  it('takes tasks again when the database is back after a kill', async () => {
    const worker = await engine.startWorker({ slots: 2, work: workQuickly });
    await engine.ended(await engine.create(2));
    await engine.postgres.kill();
    await until(() => engine.store.tasks.ping());
    const ids = await engine.create(4);
    expect((await engine.ended(ids)).map(({ state }) => state)).toEqual(Array(4).fill('completed'));
    expect(worker.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('cannot write any more when another one has taken its task over', async () => {
    const { claims, queue } = engine.store;
    const [id = ''] = await engine.create();
    const claimant = { kind: 'video' as const, worker: 'slow', token: randomUUID(), ttlMs: 300 };
    const task = await queue.claimFresh(claimant, { upstreamModels: [MODEL], ownerMaxRunning: 0, takeOver: true });
    if (!task) throw new Error('nothing was claimed');
    // Its renewals come too late, as in a process that was stopped for a while.
    const slow = new ClaimedTask({
      task,
      token: claimant.token,
      claimTtlMs: LONG_MS,
      claims,
      bus: engine.bus,
      log: logTo([]),
      metrics: engineMetrics(new Metrics('test')),
      stopping: new AbortController().signal,
      onStoreAway: () => {},
    });
    await slow.intend('cred_1');
    let takenOver: unknown;
    await until(async () => {
      takenOver = await queue.claimBegun({ ...claimant, worker: 'other', token: randomUUID() }, true);
      return takenOver !== undefined;
    });
    const events = await engine.watch(id);
    const before = await engine.read(id);
    await expect(slow.submit('job_1')).rejects.toBeInstanceOf(TaskLeftError);
    expect(slow.left.aborted).toBe(true);
    const writes = [
      () => slow.submit('job_1'),
      () => slow.advance(10),
      () => slow.complete({ media: ['late.mp4'] }),
      () => slow.fail({ code: 'late', message: 'late' }),
      () => slow.handBack(),
    ];
    for (const write of writes) await expect(write()).rejects.toBeInstanceOf(TaskLeftError);
    expect(() => slow.throwIfLeft()).toThrow(TaskLeftError);
    expect(await engine.read(id)).toEqual(before);
    await engine.bus.flush();
    expect(events).toEqual([]);
    slow.close();
  });

  it('does nothing twice when the reply to a write was lost', async () => {
    const proxy = await ReplyCutter.start(engine.postgres.url);
    const goOn = gate();
    const submitted = gate();
    const ended = gate<unknown>();
    await engine.startWorker({
      databaseUrl: proxy.url,
      work: async (claimed) => {
        await claimed.intend('cred_1');
        await claimed.submit('job_1');
        submitted.open();
        await goOn.opened;
        ended.open(await claimed.complete({ media: ['video.mp4'] }).catch((err: unknown) => err));
      },
    });
    const [id = ''] = await engine.create();
    await submitted.opened;
    proxy.cutCommits = true;
    goOn.open();
    // The write takes effect all the same.
    await engine.ended([id]);
    proxy.cutCommits = false;
    expect(await ended.opened).toBeInstanceOf(TaskLeftError);
    expect(await engine.read(id)).toMatchObject({ state: 'completed', version: 3, result: { media: ['video.mp4'] } });
    await engine.empty();
    await proxy.stop();
  });
});

/** A way to a server on which statements arrive and the replies to commits can get lost. */
class ReplyCutter {
  cutCommits = false;
  readonly #sockets = new Set<Socket>();

  private constructor(
    readonly url: string,
    private readonly server: Server,
  ) {}

  static async start(databaseUrl: string): Promise<ReplyCutter> {
    const target = new URL(databaseUrl);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const url = new URL(databaseUrl);
    url.host = `${address.address}:${address.port}`;
    const proxy = new ReplyCutter(url.href, server);
    server.on('connection', (client) => {
      const upstream = connect(Number(target.port), target.hostname);
      for (const socket of [client, upstream]) {
        proxy.#sockets.add(socket);
        // A connection that is cut is what this is for.
        socket.on('error', () => {});
      }
      client.on('data', (data) => upstream.write(data));
      upstream.on('data', (data) => {
        // What was done is named in the reply; a statement that is prepared is not named when it is asked for.
        if (proxy.cutCommits && data.includes('COMMIT')) client.destroy();
        else client.write(data);
      });
      client.on('close', () => upstream.end());
      upstream.on('close', () => client.destroy());
    });
    return proxy;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}
