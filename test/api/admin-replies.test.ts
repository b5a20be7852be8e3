import { Receiver, TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_ROUTES } from '../../packages/contracts/src/index.js';
import { ReplyCheck } from './support/reply-check.js';

const ADMIN_KEY = 'admin-secret-1';
const ALICE = 'alice-secret-1';

const ADMIN_ROUTES = API_ROUTES.filter(({ access }) => access === 'admin');
/** Of one that has to wait for its second attempt, at the most. */
const POLL = { timeout: 20_000 };

let system: TestSystem;
let receiver: Receiver;
const replies = new ReplyCheck(() => system.baseUrl, { authorization: `Bearer ${ADMIN_KEY}` });
const check = replies.check.bind(replies);

beforeAll(async () => {
  system = await TestSystem.start({
    env: { ADMIN_KEY, API_KEYS: `alice:${ALICE}`, FETCH_ALLOW: '127.0.0.0/8' },
  });
  receiver = await Receiver.start();
});
afterAll(async () => {
  await system?.stop();
  await receiver?.stop();
});

describe('replies of the admin API are as described', () => {
  it('of credentials', async () => {
    const body = {
      secret: 'xai-secret-1',
      label: '一',
      priority: 1,
      max_concurrency: 2,
      requests_per_second: 3,
      monthly_budget_usd: 5,
    };
    const { id } = JSON.parse(await check('createCredential', 201, { body }));
    await check('createCredential', 409, { body });
    await check('createCredential', 400, { body: { secret: 'x' } });
    const params = { id };
    await check('updateCredential', 200, { params, body: { label: '二', proxy_url: null, monthly_budget_usd: null } });
    await check('updateCredential', 400, { params, body: { priority: 'high' } });
    for (const of of ['disable', 'enable']) await check(`${of}Credential`, 200, { params });
    await check('clearCredentialCooling', 200, { params });
    await check('testCredential', 200, { params });
    await check('listCredentials', 200, { query: '?limit=1&sort=priority&order=desc' });
    await check('listCredentials', 400, { query: '?cursor=x' });
    await check('deleteCredential', 200, { params });
    for (const of of ['updateCredential', 'deleteCredential', 'testCredential', 'enableCredential']) {
      await check(of, 404, { params: { id: 'x' }, ...(of === 'updateCredential' ? { body: {} } : {}) });
    }
  });

  it.each<[string, string | object, number]>([
    ['text/plain', 'xai-secret-2\n# nothing\nxai-secret-3\nx', 200],
    ['text/csv', 'secret,label\nxai-secret-4,四\n', 200],
    ['text/csv', 'label\n四\n', 400],
    ['application/json', ['xai-secret-2', { secret: 'xai-secret-5' }, 1], 200],
    ['application/json', '{', 400],
    ['application/xml', '<a/>', 415],
  ])('of an import of %s', async (type, body, status) => {
    const text = typeof body === 'string' ? { text: body } : { body };
    await check('importCredentials', status, { ...text, headers: { 'content-type': type } });
  });

  it('of client keys', async () => {
    const body = { name: '甲', requests_per_minute: 10, models: ['grok-4'], expires_at: '2100-01-01T00:00:00Z' };
    const { id } = JSON.parse(await check('createClientKey', 201, { body }));
    await check('createClientKey', 400, { body: { name: '' } });
    const params = { id };
    await check('updateClientKey', 200, { params, body: { name: '乙', monthly_budget_usd: 1 } });
    await check('listClientKeys', 200, { query: '?limit=1' });
    await check('renewWebhookSecret', 200, { params });
    await check('revokeClientKey', 200, { params });
    await check('deleteClientKey', 200, { params });
    for (const of of ['updateClientKey', 'deleteClientKey', 'revokeClientKey', 'renewWebhookSecret']) {
      await check(of, 404, { params: { id: 'x' }, ...(of === 'updateClientKey' ? { body: {} } : {}) });
    }
  });

  it('of callbacks, before and after what they are sent to has answered', async () => {
    receiver.answer = (response, _received, nth) => response.writeHead(nth === 1 ? 500 : 200).end('later');
    const tasks = system.tasks(ALICE);
    const task = await tasks.create('never:done', { callback_url: receiver.url() });
    await tasks.request('DELETE', `/v1/video/tasks/${task}`);
    const params = { id: task.replace('task_', 'msg_') };
    for (const state of ['pending', 'delivered']) {
      await expect
        .poll(async () => JSON.parse(await check('getCallback', 200, { params })), POLL)
        .toMatchObject({
          state,
          attempt_log: [{ status: 500 }, { status: 200 }].slice(0, state === 'pending' ? 1 : 2),
        });
      const { data } = JSON.parse(await check('listCallbacks', 200, { query: `?state=${state}&owner=alice&limit=1` }));
      expect(data).toHaveLength(1);
      await check('sendCallbackAgain', 202, { params });
    }
    await check('listCallbacks', 400, { query: '?state=lost' });
    for (const of of ['getCallback', 'sendCallbackAgain']) await check(of, 404, { params: { id: 'x' } });
  });

  it('of the overview', async () => {
    await check('getOverview', 200);
  });

  it('of usage', async () => {
    await check('getAllUsage', 200, { query: '?group_by=day,model,credential,key' });
    await check('getAllUsage', 400, { query: '?group_by=hour' });
  });

  it.each(ADMIN_ROUTES.map(({ operationId }) => operationId))('of %s to an Idempotency-Key', async (operationId) => {
    const refused = await check(operationId, 400, { headers: { 'idempotency-key': 'x' } });
    expect(JSON.parse(refused).error.code).toBe('idempotency_not_supported');
  });

  it('to who has no key, or one of a client', async () => {
    for (const authorization of ['', `Bearer ${ALICE}`]) {
      await check('listCredentials', 401, { headers: { authorization } });
    }
  });
});

it('every success that is described was seen', () => {
  expect(replies.unseen(ADMIN_ROUTES)).toEqual([]);
});
