import { randomUUID } from 'node:crypto';
import { type CallbackState, callbackId } from '@grok2api/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CallbackListOptions, ClaimedCallback } from '../src/index.js';
import { TestStore } from './test-store.js';

const ATTEMPT = { at: '2026-01-01T00:00:00.000Z', duration_ms: 12, status: 200, error: null, answer: null };

let test: TestStore;

beforeAll(async () => {
  test = await TestStore.start();
});

afterAll(() => test.stop());

beforeEach(() => test.empty());

/** Ends a task that has an address to tell; resolves to its id. */
async function end(owner: string): Promise<string> {
  const claim = await test.running({ owner, callbackUrl: 'https://example.com/hook' });
  await test.store.claims.complete(claim, { media: ['video_1.mp4'] }, undefined);
  return claim.taskId;
}

async function claimOne(): Promise<ClaimedCallback> {
  const selection = { token: randomUUID(), ttlMs: 60_000, limit: 1, perHost: 1, room: new Map() };
  const [claimed] = await test.store.callbackQueue.claim(selection);
  if (!claimed) throw new Error('nothing is due');
  return claimed;
}

async function settle(state: Exclude<CallbackState, 'pending'>): Promise<void> {
  await test.store.callbackQueue.record(await claimOne(), ATTEMPT, state);
}

async function listed(options: Omit<CallbackListOptions, 'limit'>): Promise<string[]> {
  return (await test.store.callbacks.list({ limit: 100, ...options })).callbacks.map(({ taskId }) => taskId);
}

describe('the list', () => {
  it('has the latest ends first, in pages', async () => {
    const ids = [await end('a'), await end('b'), await end('a')];
    const first = await test.store.callbacks.list({ limit: 2 });
    expect(first.callbacks.map(({ taskId }) => taskId)).toEqual([ids[2], ids[1]]);
    const second = await test.store.callbacks.list({ limit: 2, before: first.next });
    expect(second.callbacks.map(({ taskId }) => taskId)).toEqual([ids[0]]);
    expect(second.next).toBeUndefined();
    expect(first.callbacks[0]).not.toHaveProperty('payload');
  });

  it('is of a state, an owner, a task, or of any of them together', async () => {
    const ids = [await end('a'), await end('b'), await end('a')];
    await settle('delivered');
    expect(await listed({ state: 'delivered' })).toEqual([ids[0]]);
    expect(await listed({ state: 'pending' })).toEqual([ids[2], ids[1]]);
    expect(await listed({ owner: 'a' })).toEqual([ids[2], ids[0]]);
    expect(await listed({ owner: 'a', state: 'pending' })).toEqual([ids[2]]);
    expect(await listed({ taskId: ids[1] })).toEqual([ids[1]]);
    expect(await listed({ taskId: ids[1], owner: 'a' })).toEqual([]);
    expect(await listed({ taskId: 'nonsense' })).toEqual([]);
  });
});

describe('one callback', () => {
  it('comes with what is posted and its attempts', async () => {
    const taskId = await end('a');
    await settle('gone');
    expect(await test.store.callbacks.get(callbackId(taskId))).toMatchObject({
      id: callbackId(taskId),
      taskId,
      state: 'gone',
      attempts: 1,
      attemptLog: [ATTEMPT],
      nextAttemptAt: undefined,
      settledAt: expect.any(Date),
      payload: expect.stringContaining(taskId),
    });
    expect(await test.store.callbacks.get('msg_unknown')).toBeUndefined();
  });

  it.each(['delivered', 'gone', 'given_up'] as const)('is sent again after it was %s', async (state) => {
    const id = callbackId(await end('a'));
    await settle(state);
    expect(await test.store.callbacks.sendAgain(id)).toBe(true);
    expect(await test.store.callbacks.get(id)).toMatchObject({ state: 'pending', settledAt: undefined, attempts: 1 });
    expect((await claimOne()).id).toBe(id);
  });

  it('is sent again before its time', async () => {
    const id = callbackId(await end('a'));
    await test.store.callbackQueue.record(await claimOne(), ATTEMPT, { againAtAgeMs: 3_600_000 });
    expect(await test.store.callbacks.sendAgain(id)).toBe(true);
    expect((await claimOne()).id).toBe(id);
  });

  it('is left to whoever is sending it', async () => {
    const id = callbackId(await end('a'));
    const claimed = await claimOne();
    expect(await test.store.callbacks.sendAgain(id)).toBe(true);
    expect(await test.store.callbackQueue.record(claimed, ATTEMPT, 'delivered')).toBe(true);
    expect(await test.store.callbacks.get(id)).toMatchObject({ state: 'delivered' });
  });

  it('that there is not is not sent', async () => {
    expect(await test.store.callbacks.sendAgain('msg_unknown')).toBe(false);
  });
});
