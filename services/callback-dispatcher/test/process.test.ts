import { Bus } from '@grok2api/bus';
import { callbackDue } from '@grok2api/contracts';
import { createLogger } from '@grok2api/service-kit';
import { Receiver, startNats, type TestNats, TestProcess } from '@grok2api/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SECRET, TestDispatchers, verified } from './test-dispatcher.js';

/** A schedule that has a next time however late an attempt was on a busy machine. */
const EVERY_SECOND = Array.from({ length: 600 }, (_, index) => `${index}s`).join();

let nats: TestNats;
let test: TestDispatchers;
let bus: Bus;
let receiver: Receiver;
const processes: TestProcess[] = [];

beforeAll(async () => {
  [nats, test] = await Promise.all([startNats(), TestDispatchers.start()]);
  const log = createLogger({ service: 'test', instance: 'test', level: 'silent' });
  bus = await Bus.connect({ url: nats.url, name: 'gateway', log });
});

afterAll(async () => {
  await bus.close();
  await Promise.all([nats.stop(), test.stop()]);
});

beforeEach(async () => {
  receiver = await Receiver.start();
});

afterEach(async () => {
  await receiver.stop();
  await Promise.all(processes.splice(0).map((process) => process.stop()));
  await test.empty();
});

async function startDispatcher(env: NodeJS.ProcessEnv = {}): Promise<TestProcess> {
  const process = await TestProcess.start({
    service: 'callback-dispatcher',
    instance: `callback-dispatcher-${processes.length + 1}`,
    env: {
      NATS_URL: nats.url,
      DATABASE_URL: test.postgres.url,
      CALLBACK_SECRET: SECRET,
      FETCH_ALLOW: '127.0.0.0/8',
      CALLBACK_TIMEOUT_MS: '1000',
      ...env,
    },
    readyMessage: 'delivering callbacks',
  });
  processes.push(process);
  return process;
}

describe('a dispatcher that is killed between the post and the record', () => {
  it('leaves the callback to another, which posts it again under the same id', async () => {
    const first = await startDispatcher();
    receiver.answer = (response, _received, nth) => {
      // The receiver has it; the dispatcher never learns of that.
      if (nth === 1) first.kill('SIGKILL');
      else response.writeHead(200).end();
    };
    const [id] = await test.end(receiver.url());
    bus.publish(callbackDue, {});
    await receiver.until(1);
    await first.stop();
    expect(await test.store.callbacks.get(id ?? '')).toMatchObject({ state: 'pending', attempts: 0 });
    await startDispatcher();
    await receiver.until(2);
    expect(await test.settled(id)).toMatchObject({ state: 'delivered', attempts: 1 });
    const [one, two] = receiver.received;
    if (!one || !two) throw new Error('it did not come twice');
    expect([one.headers['webhook-id'], two.headers['webhook-id']]).toEqual([id, id]);
    expect(verified(two)).toEqual(verified(one));
  });

  it('loses none of many, over and over', async () => {
    let posts = 0;
    receiver.answer = (response) => {
      const running = processes.at(-1);
      if (++posts % 7 === 0) running?.kill('SIGKILL');
      else response.writeHead(200).end();
    };
    const ids = await test.end(...Array(20).fill(receiver.url()));
    let over = false;
    const settled = Promise.all(ids.map((id) => test.settled(id, 110_000))).finally(() => {
      over = true;
    });
    while (!over) {
      const dispatcher = await startDispatcher({ CALLBACK_SCHEDULE: EVERY_SECOND });
      await Promise.race([dispatcher.ended(), settled]);
    }
    expect(new Set((await settled).map(({ state }) => state))).toEqual(new Set(['delivered']));
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set(ids));
    for (const received of receiver.received) verified(received);
  }, 120_000);
});

describe('a dispatcher', () => {
  it('is told of what is due, and ends when it is told to, in time', async () => {
    const dispatcher = await startDispatcher();
    const [id] = await test.end(receiver.url());
    bus.publish(callbackDue, {});
    await test.settled(id);
    expect(await dispatcher.stop()).toEqual({ code: 0 });
  });

  it('delivers while NATS is away', async () => {
    await startDispatcher();
    await nats.pause();
    const [id] = await test.end(receiver.url());
    expect(await test.settled(id)).toMatchObject({ state: 'delivered' });
    await nats.resume();
  });
});
