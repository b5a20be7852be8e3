import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { keySha256, shortKeyHash } from '../src/wire/key-hash.js';
import { KEY, OTHER_KEY, startTestSimulator } from './harness.js';

const level = z.strictObject({ now: z.number(), highest: z.number() });
const answer = z.object({
  keys: z.array(z.strictObject({ key_hash: z.string(), chat: level, image: level, video_create: level, all: level })),
});

const hash = (key: string) => shortKeyHash(keySha256(key));

test('tells the calls in flight of each key, and the most there were', async () => {
  const simulator = await startTestSimulator();
  const concurrency = async () => answer.parse((await simulator.call('GET', '/_simulator/concurrency')).json).keys;
  const leaving = new AbortController();
  await simulator.chat('hi', {}, OTHER_KEY);
  await Promise.all([1, 2, 3].map(() => simulator.openStream('stall:0', { signal: leaving.signal })));
  await simulator.addFault({ match: { path: '/v1/videos' }, fault: { delay_ms: 300 } });
  const create = simulator.create();
  await vi.waitFor(async () =>
    expect(await concurrency()).toEqual([
      {
        key_hash: hash(OTHER_KEY),
        chat: { now: 0, highest: 1 },
        image: { now: 0, highest: 0 },
        video_create: { now: 0, highest: 0 },
        all: { now: 0, highest: 1 },
      },
      {
        key_hash: hash(KEY),
        chat: { now: 3, highest: 3 },
        image: { now: 0, highest: 0 },
        video_create: { now: 1, highest: 1 },
        all: { now: 4, highest: 4 },
      },
    ]),
  );
  await create;
  leaving.abort();
  await vi.waitFor(async () =>
    expect((await concurrency())[1]).toMatchObject({ chat: { now: 0, highest: 3 }, all: { now: 0, highest: 4 } }),
  );
  await simulator.call('DELETE', '/_simulator/concurrency');
  expect(await concurrency()).toEqual([]);
});

test('1,000 streams at once lose nothing', async () => {
  const simulator = await startTestSimulator();
  const expected = Array.from({ length: 20 }, (_, index) => (index === 0 ? 't0' : ` t${index}`));
  const streams = await Promise.all(
    Array.from({ length: 1000 }, async () => (await simulator.streamChat('tokens:20 pace:20')).deltas),
  );
  for (const deltas of streams) expect(deltas.flatMap(({ content }) => content ?? [])).toEqual(expected);
});
