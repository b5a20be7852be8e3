import { MemoryWatch, TestSystem } from '@grok2api/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { faultsOf, replyFaults, routeNamed } from '../api/support/api-document.js';
import { printFigures } from '../faults/support/figures.js';
import { assertForSeconds, FUZZ_TIMEOUT_MS } from './support/assert-for-seconds.js';
import { ADMIN_ROUTES, CLIENT_ROUTES, type FuzzedRequest, type KnownIds, requests } from './support/requests.js';
import { Watch } from './support/watch.js';

const ADMIN_KEY = 'admin-secret-1';
const KEY = 'alice-secret-1';
/** Requests at a time. */
const BATCH = 16;

let system: TestSystem;
let watch: Watch;
let memory: MemoryWatch;

beforeAll(async () => {
  system = await TestSystem.start({
    env: {
      API_KEYS: `alice:${KEY}`,
      ADMIN_KEY,
      SIMULATOR_VIDEO_MS: '100',
      SIMULATOR_IMAGE_MS: '10',
      SIMULATOR_TOKEN_MS: '1',
      LOG_LEVEL: 'warn',
    },
  });
  watch = new Watch(system);
  memory = new MemoryWatch([system.pid('api-gateway')]);
});
afterAll(async () => {
  await system?.stop();
});

/** Sends a request; resolves to what is wrong with the reply. */
async function faultsIn({ operationId, path, headers, body }: FuzzedRequest): Promise<string[]> {
  const route = routeNamed(operationId);
  const answer = await fetch(system.baseUrl + path, {
    method: route.method.toUpperCase(),
    headers,
    body,
    redirect: 'manual',
    signal: AbortSignal.timeout(30_000),
  });
  const faults = answer.status < 500 ? [] : [`it is a fault of the server: ${answer.status}`];
  const copy = answer.clone();
  const all = [...faults, ...((await isElsewhere(copy)) ? [] : await replyFaults(route, answer))];
  return all.map((fault) => `${operationId} ${answer.status}: ${fault}`);
}

/** Whether a path has become that of another route, or of none: a client tidies `%2e%2e`, and `status` is no id. */
async function isElsewhere(answer: Response): Promise<boolean> {
  if (answer.status !== 404 && answer.status !== 405) return false;
  const body: unknown = await answer.json();
  const isError = faultsOf(body, 'components', 'schemas', 'Error').length === 0;
  return isError && /"(route_not_found|method_not_allowed)"/.test(JSON.stringify(body));
}

/** Sends fuzzed requests for a time: none may be replied to as is not described, or with a fault of the server. */
async function fuzz(fuzzed: fc.Arbitrary<FuzzedRequest>): Promise<number> {
  let sent = 0;
  const property = fc.asyncProperty(fc.array(fuzzed, { minLength: BATCH, maxLength: BATCH }), async (batch) => {
    const faults = await Promise.all(batch.map(faultsIn));
    sent += batch.length;
    expect(faults.flat()).toEqual([]);
  });
  await assertForSeconds(property);
  expect(watch.wrongs()).toEqual([]);
  return sent;
}

async function task(): Promise<string> {
  const body = { model: 'grok-imagine-1.0-video', prompt: '一只猫' };
  return system.tasks(KEY).create(body.prompt, body);
}

it(
  'no request of a client makes this server fail, or reply in another way than it says',
  async () => {
    const known: KnownIds = {
      task_id: [await task(), await task(), `task_${'0'.repeat(32)}`],
      model: ['grok-4', 'grok-imagine-1.0'],
      status: ['failed', 'completed'],
      file: ['init.js'],
    };
    const sent = await fuzz(requests(CLIENT_ROUTES, known, { authorization: `Bearer ${KEY}` }));
    printFigures({ 'fuzzed requests': sent });
    expect(sent).toBeGreaterThan(50);
  },
  FUZZ_TIMEOUT_MS,
);

it(
  'nor does one of the administrator',
  async () => {
    // Nothing is to be used of what it makes.
    const known: KnownIds = { id: [`key_${'0'.repeat(32)}`, 'cred_x'] };
    const sent = await fuzz(requests(ADMIN_ROUTES, known, { authorization: `Bearer ${ADMIN_KEY}` }));
    printFigures({ 'fuzzed requests': sent });
    expect(sent).toBeGreaterThan(50);
  },
  FUZZ_TIMEOUT_MS,
);

it('the gateway has not grown by what it was sent', () => {
  const [gateway] = memory.stop();
  printFigures({ 'MB before': gateway?.before ?? 0, 'MB more at most': gateway?.growth ?? 0 });
  expect(gateway?.growth).toBeLessThan(300);
});
