import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createXaiUpstream, type GrokUpstream } from '../src/index.js';
import { answer, ScriptedServer } from './scripted-server.js';
import { credentialFor, failureOf, untilDone } from './support.js';

let server: ScriptedServer;
let upstream: GrokUpstream;
beforeEach(async () => {
  server = await ScriptedServer.start();
  upstream = createXaiUpstream({ answerTimeoutMs: 5000 });
});
afterEach(async () => {
  await upstream.close();
  await server.stop();
});

describe('listModels', () => {
  const list = () => upstream.listModels(credentialFor(server.origin), untilDone());

  it('asks each of the three lists once', async () => {
    server.play(answer(200, { models: [] }));
    expect(await list()).toEqual([]);
    expect(server.requests.map((request) => request.path)).toEqual([
      '/v1/language-models',
      '/v1/image-generation-models',
      '/v1/video-generation-models',
    ]);
  });

  it('skips entries that are no models', async () => {
    const models = [
      { id: 'a', aliases: ['b', 3], created: 1 },
      { name: 'x' },
      null,
      { id: 'c', aliases: null, created: 'x' },
    ];
    server.play(answer(200, { models }));
    expect((await list()).slice(0, 2)).toEqual([
      { kind: 'chat', id: 'a', aliases: ['b'], created: 1 },
      { kind: 'chat', id: 'c', aliases: [] },
    ]);
  });

  it.each([
    [200, { data: [] }, 'transient'],
    [200, { code: 'resource-exhausted', error: 'Too many requests' }, 'rate_limited'],
    [401, { error: 'No header' }, 'credential_dead'],
    [404, '', 'bad_request'],
  ])('fails as a whole after %i %j', async (status, body, fault) => {
    server.play((response, request) => {
      const isLast = request.path.endsWith('/video-generation-models');
      (isLast ? answer(status, body) : answer(200, { models: [] }))(response, request);
    });
    expect(await failureOf(list())).toMatchObject({ fault, submitted: 'no' });
  });
});

describe('checkKey', () => {
  const check = () => upstream.checkKey(credentialFor(server.origin), untilDone());
  const flags = { team_blocked: false, api_key_blocked: false, api_key_disabled: false };

  it('reads what the key may do', async () => {
    server.play(answer(200, { ...flags, redacted_api_key: 'xai-...89', acls: ['api-key:model:*', 7] }));
    expect(await check()).toEqual({ usable: true, acls: ['api-key:model:*'] });
    expect(server.requests[0]).toMatchObject({ method: 'GET', path: '/v1/api-key' });
  });

  it.each([
    [200, { ...flags, team_blocked: true }, 'team_blocked'],
    [200, { ...flags, api_key_blocked: true }, 'key_blocked'],
    [200, { ...flags, api_key_disabled: true }, 'key_disabled'],
    [200, { error: 'Incorrect API key provided: xa***89' }, 'wrong_key'],
    [400, { error: 'Incorrect API key provided: xa***89' }, 'wrong_key'],
    [401, { error: 'No API key provided' }, 'wrong_key'],
  ])('%i %j: %s', async (status, body, reason) => {
    server.play(answer(status, body));
    expect(await check()).toEqual({ usable: false, reason });
  });

  it.each([
    [200, {}, 'transient'],
    [200, '<html>', 'transient'],
    [200, { api_key_blocked: 'yes' }, 'transient'],
    [429, '', 'rate_limited'],
    [403, '', 'not_permitted'],
    [502, '<html>', 'transient'],
  ])('%i %j tells nothing about the key', async (status, body, fault) => {
    server.play(answer(status, body));
    expect(await failureOf(check())).toMatchObject({ fault, status });
  });
});
