import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Attempt, AttemptLostError, type KeptReply, type KnownRequest } from '../src/index.js';
import { newTask, TestStore } from './test-store.js';

const OPTIONS = { leaseMs: 60_000, keepMs: 86_400_000, repeatable: true };
const REPLY: KeptReply = { status: 202, headers: { location: '/v1/tasks/1' }, body: Buffer.from('{"ok":true}') };

let test: TestStore;
beforeAll(async () => {
  test = await TestStore.start();
});
afterAll(() => test.stop());
beforeEach(async () => {
  await test.empty();
  await test.database.idempotencyRecord.deleteMany();
});

function attempt(changes: Partial<Attempt['request']> = {}): Attempt {
  return { request: { owner: 'me', keyHash: 'key', fingerprint: 'body', ...changes }, token: randomUUID() };
}

const begin = (by: Attempt, options: Partial<typeof OPTIONS> = {}) =>
  test.store.idempotency.begin(by, { ...OPTIONS, ...options });

/** Lets the attempts of every record run out, as time does. */
const lapse = () =>
  test.database.$executeRaw`UPDATE idempotency_records SET lease_expires_at = now() - interval '1 second'`;

const taskIds = async () => (await test.database.task.findMany()).map(({ id }) => id);

describe('a keyed request', () => {
  it('is begun by one of many attempts at once', async () => {
    const known = await Promise.all(Array.from({ length: 30 }, () => begin(attempt())));
    expect(known.filter(({ state }) => state === 'begun')).toHaveLength(1);
    expect(known.filter(({ state }) => state === 'in_progress')).toHaveLength(29);
  });

  it('is known by its owner and key, and replied to with what was kept, byte by byte', async () => {
    const first = attempt();
    await begin(first);
    await test.store.idempotency.complete(first, REPLY);
    expect(await begin(attempt())).toEqual({
      state: 'replied',
      reply: { ...REPLY, body: new Uint8Array(Buffer.from('{"ok":true}')) },
    });
    expect(await begin(attempt({ fingerprint: 'other' }))).toEqual({ state: 'other_request' });
    expect(await begin(attempt({ owner: 'you' }))).toMatchObject({ state: 'begun' });
    expect(await begin(attempt({ keyHash: 'key 2' }))).toMatchObject({ state: 'begun' });
  });

  it('may be kept as a file, which counts as needed while it is kept', async () => {
    const first = attempt();
    await begin(first);
    await test.store.idempotency.complete(first, { ...REPLY, body: { media: 'reply_1' } });
    expect(await begin(attempt())).toMatchObject({ reply: { body: { media: 'reply_1' } } });
    expect(await test.store.upkeep.mediaInUse(['reply_1', 'reply_2'])).toEqual(new Set(['reply_1']));
    expect(await test.store.upkeep.removeExpiredReplies()).toEqual([]);
    await test.database.$executeRaw`UPDATE idempotency_records SET expires_at = now()`;
    expect(await test.store.upkeep.mediaInUse(['reply_1'])).toEqual(new Set());
    expect(await test.store.upkeep.removeExpiredReplies()).toEqual(['reply_1']);
    expect(await test.database.idempotencyRecord.count()).toBe(0);
  });

  it('is begun anew once it is past its time, also for another body', async () => {
    const first = attempt();
    await begin(first, { keepMs: 0 });
    await test.store.tasks.createOnce(newTask(), first, REPLY);
    expect(await begin(attempt({ fingerprint: 'other' }))).toEqual({ state: 'begun', taskId: undefined });
    expect(await begin(attempt({ fingerprint: 'other' }))).toEqual({ state: 'in_progress' });
  });

  it('is free again after an attempt that did nothing', async () => {
    const first = attempt();
    await begin(first);
    await test.store.idempotency.forget(first);
    expect(await begin(attempt({ fingerprint: 'other' }))).toMatchObject({ state: 'begun' });
  });
});

describe('an attempt that died', () => {
  it.each<[string, boolean, KnownRequest['state']]>([
    ['is followed by another where that costs nothing', true, 'begun'],
    ['leaves the outcome unknown where it may have cost something', false, 'unknown'],
  ])('%s', async (_name, repeatable, state) => {
    const first = attempt();
    await begin(first, { repeatable });
    expect(await begin(attempt(), { repeatable })).toEqual({ state: 'in_progress' });
    await lapse();
    expect(await begin(attempt({ fingerprint: 'other' }), { repeatable })).toEqual({ state: 'other_request' });
    expect(await begin(attempt(), { repeatable })).toMatchObject({ state });
  });

  it('is not taken for dead while it is renewed', async () => {
    const [alive, dead] = [attempt(), attempt({ keyHash: 'key 2' })];
    await begin(alive, { leaseMs: 0 });
    await begin(dead, { leaseMs: 0 });
    await test.store.idempotency.renew([alive], 60_000);
    expect(await begin(attempt())).toEqual({ state: 'in_progress' });
    expect(await begin(attempt({ keyHash: 'key 2' }))).toMatchObject({ state: 'begun' });
  });

  it('cannot write any more once another has taken over', async () => {
    const [first, second] = [attempt(), attempt()];
    await begin(first);
    await lapse();
    await begin(second);
    await expect(test.store.idempotency.complete(first, REPLY)).rejects.toThrow(AttemptLostError);
    await expect(test.store.tasks.createOnce(newTask(), first, REPLY)).rejects.toThrow(AttemptLostError);
    await test.store.idempotency.forget(first);
    expect(await taskIds()).toEqual([]);
    await test.store.idempotency.complete(second, REPLY);
    expect(await begin(attempt())).toMatchObject({ state: 'replied' });
  });

  it('leaves its task to the next one, also where it may not be done again', async () => {
    const [first, task] = [attempt(), newTask()];
    await begin(first, { repeatable: false });
    await test.store.tasks.createOnce(task, first, undefined);
    await test.store.idempotency.forget(first);
    expect(await begin(attempt(), { repeatable: false })).toEqual({ state: 'begun', taskId: task.id });
  });
});

describe('a task of a keyed request', () => {
  it('is written together with the reply, and once however often that is repeated', async () => {
    const [first, task] = [attempt(), newTask()];
    await begin(first);
    await test.store.tasks.createOnce(task, first, REPLY);
    await test.store.tasks.createOnce(task, first, REPLY);
    expect(await taskIds()).toEqual([task.id]);
    await lapse();
    expect(await begin(attempt())).toMatchObject({ state: 'replied', reply: { status: 202 } });
  });

  it('is not written without its record', async () => {
    await expect(test.store.tasks.createOnce(newTask(), attempt(), REPLY)).rejects.toThrow(AttemptLostError);
    expect(await taskIds()).toEqual([]);
  });
});
