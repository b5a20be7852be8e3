import { expect } from 'vitest';

const TIMEOUT_MS = 15_000;
const POLL_MS = 50;

/** Expects something of what is read, as soon as it is so, within the time that pages have for everything. */
export function eventually<T>(read: () => T | Promise<T>) {
  return expect.poll(read, { timeout: TIMEOUT_MS, interval: POLL_MS });
}
