import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ConsoleSessions } from '../src/console/console-sessions.js';

const HOUR = 3_600_000;
const BEGUN = Date.parse('2026-11-25T12:00:00Z');
const HASHES = { client: Buffer.alloc(32, 1), admin: Buffer.alloc(32, 2) };

it('are known to every gateway with the same secret, and to no other', () => {
  const at = () => BEGUN;
  const [one, two, other] = ['shared-secret-shared', 'shared-secret-shared', 'another-secret-here'].map(
    (secret) => new ConsoleSessions(secret, at),
  );
  const session = one?.renewed(HASHES);
  const sealed = session && one?.seal(session);
  expect(sealed).toMatch(/^[\w-]+$/);
  expect(two?.open(sealed ?? '')).toEqual(session);
  expect(other?.open(sealed ?? '')).toBeUndefined();
  const [alone, apart] = [new ConsoleSessions(undefined, at), new ConsoleSessions(undefined, at)];
  expect(alone.open(alone.seal(alone.renewed(HASHES)))).toMatchObject(HASHES);
  expect(apart.open(alone.seal(alone.renewed(HASHES)))).toBeUndefined();
});

it('end an hour after their last use, and twelve hours after their beginning', () => {
  let now = BEGUN;
  const sessions = new ConsoleSessions('shared-secret-shared', () => now);
  let session = sessions.renewed(HASHES);
  now += HOUR - 1;
  expect(sessions.open(sessions.seal(session))).toBeDefined();
  now += 1;
  expect(sessions.open(sessions.seal(session))).toBeUndefined();
  for (now = BEGUN; now < BEGUN + 12 * HOUR; now += HOUR / 2) session = sessions.renewed(session);
  expect(session).toMatchObject({ begun: BEGUN, expires: BEGUN + 12 * HOUR });
  expect(sessions.open(sessions.seal(session))).toBeUndefined();
});

it('cannot be changed, nor made up', () => {
  const sessions = new ConsoleSessions('shared-secret-shared', () => BEGUN);
  const sealed = Buffer.from(sessions.seal(sessions.renewed(HASHES)), 'base64url');
  fc.assert(
    fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ change;
      expect(sessions.open(changed.toString('base64url'))).toBeUndefined();
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(sessions.open(text)).toBeUndefined();
    }),
  );
});
