import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createXaiUpstream, type GrokUpstream } from '../src/index.js';
import { answer, type Script, ScriptedServer, unframed } from './scripted-server.js';
import { credentialFor, failureOf, SECRET, untilDone, VIDEO } from './support.js';

const UUID = '0b6f1a2c-93d4-4e5f-8a6b-7c8d9e0f1a2b';
const URL_DONE = 'https://vidgen.x.ai/1.mp4';

let server: ScriptedServer;
let upstream: GrokUpstream;
beforeEach(async () => {
  server = await ScriptedServer.start();
  upstream = createXaiUpstream({ answerTimeoutMs: 5000, createTimeoutMs: 5000, now: () => Date.UTC(2026, 10, 20) });
});
afterEach(async () => {
  await upstream.close();
  await server.stop();
});
const create = (request = VIDEO) => upstream.createVideo(credentialFor(server.origin), request, untilDone());
const poll = (jobId = 'job-1') => upstream.pollVideo(credentialFor(server.origin), jobId, untilDone());

describe('POST /videos/generations', () => {
  it('sends what xAI names', async () => {
    server.play(answer(200, { request_id: UUID, extra: 1 }));
    const options = { ...untilDone(), requestId: 'task-7' };
    const created = await upstream.createVideo(credentialFor(server.origin), VIDEO, options);
    expect(created).toEqual({ jobId: UUID });
    const request = await server.received(1);
    expect(request).toMatchObject({ method: 'POST', path: '/v1/videos/generations' });
    expect(request.headers).toMatchObject({
      authorization: `Bearer ${SECRET}`,
      'content-type': 'application/json',
      'x-request-id': 'task-7',
    });
    expect(JSON.parse(request.body)).toEqual({
      model: 'grok-imagine-video-1.5',
      prompt: '一只猫 in the rain',
      duration: 6,
      aspect_ratio: '16:9',
      resolution: '480p',
    });
  });

  it('sends a picture', async () => {
    server.play(answer(200, { request_id: 'job-1' }));
    await create({ ...VIDEO, imageUrl: 'data:image/png;base64,AAAA' });
    const request = await server.received(1);
    expect(JSON.parse(request.body)).toMatchObject({ image: { url: 'data:image/png;base64,AAAA' } });
  });

  it.each([
    ['code and text', { code: 'imagine:content-moderated', error: 'Rejected by moderation.' }],
    ['an object', { error: { message: 'Rejected by moderation.', code: 'imagine:content-moderated', param: null } }],
    ['text alone', { error: 'Content violates usage guidelines.' }],
  ])('reads an error body that is %s', async (_, body) => {
    server.play(answer(400, body));
    const error = await failureOf(create());
    expect(error).toMatchObject({ fault: 'moderated', status: 400, submitted: 'no' });
    expect(error.message).toMatch(/^(Rejected by moderation\.|Content violates usage guidelines\.)$/);
  });

  it.each([
    [429, 'Too many requests', 'rate_limited', 'Too many requests'],
    [503, '<html><body><h1>503 Service Unavailable</h1></body></html>', 'transient', '503 Service Unavailable'],
    [500, '', 'transient', 'HTTP status 500'],
    [429, { code: 'resource-exhausted', error: '<b></b>' }, 'rate_limited', 'resource-exhausted'],
    [400, { detail: 'odd' }, 'bad_request', '{"detail":"odd"}'],
  ])('takes %i %j for %s', async (status, body, fault, message) => {
    server.play(answer(status, body));
    expect(await failureOf(create())).toMatchObject({ fault, message, submitted: 'no' });
  });

  it.each([
    ['an error body', { code: 'resource-exhausted', error: 'Too many requests' }, 'rate_limited', 'Too many requests'],
    ['an error object', { error: { message: 'Sorry', type: 'server_error' } }, 'transient', 'Sorry'],
    ['HTML about an API key', '<html>API key</html>', 'transient', 'unreadable answer with status 200'],
    ['cut JSON', '{"request_id":"jo', 'transient', 'unreadable answer with status 200'],
    ['no id', {}, 'transient', 'unreadable answer with status 200'],
    ['an empty id', { request_id: '' }, 'transient', 'unreadable answer with status 200'],
    ['an id that fits no path', { request_id: '\ud800' }, 'transient', 'unreadable answer with status 200'],
    ['nothing', undefined, 'transient', 'unreadable answer with status 200'],
    ['null', null, 'transient', 'unreadable answer with status 200'],
  ])('takes a 200 with %s for no proof of a refusal', async (_, body, fault, message) => {
    server.play(answer(200, body));
    expect(await failureOf(create())).toMatchObject({ fault, message, submitted: 'unknown', status: 200 });
  });

  it('keeps the id of a job that came with an error', async () => {
    server.play(answer(200, { request_id: 'job-1', error: 'slow today' }));
    expect(await create()).toEqual({ jobId: 'job-1' });
  });

  it('believes a refusal without a length only when it is whole JSON', async () => {
    server.play(unframed(429, '{"error":"Too many requests"}'));
    expect(await failureOf(create())).toMatchObject({ fault: 'rate_limited', submitted: 'no' });
    server.play(unframed(429, '{"error":"Too many re'));
    expect(await failureOf(create())).toMatchObject({ fault: 'rate_limited', submitted: 'unknown' });
  });

  it('reads Retry-After as a date', async () => {
    server.play(answer(429, { error: 'slow down' }, { 'retry-after': 'Fri, 20 Nov 2026 00:00:07 GMT' }));
    expect((await failureOf(create())).retryAfterMs).toBe(7000);
  });

  it('never repeats the key or the team', async () => {
    server.play(answer(400, { error: `Incorrect API key provided: ${SECRET} of team ${UUID}` }));
    expect((await failureOf(create())).message).toBe('Incorrect API key provided: [key] of team [id]');
  });
});

describe('GET /videos/{request_id}', () => {
  it('asks for the job under the base URL, whatever its id', async () => {
    server.play(answer(202));
    await poll('../api-key?a=b');
    expect(await server.received(1)).toMatchObject({ method: 'GET', path: '/v1/videos/..%2Fapi-key%3Fa%3Db' });
  });

  const done = (video: object, more: object = {}) => answer(200, { status: 'done', progress: 100, video, ...more });
  const failed = (code: string, message: string) => answer(200, { status: 'failed', error: { code, message } });
  const pending = { status: 'pending' };
  it.each<[string, Script, object]>([
    ['202 empty', answer(202), pending],
    ['202 with text', answer(202, 'wait'), pending],
    ['202 with progress', answer(202, { status: 'pending', progress: 37.9 }), { ...pending, progress: 37 }],
    ['progress above 100', answer(202, { status: 'pending', progress: 1e9 }), { ...pending, progress: 100 }],
    ['progress below 0', answer(202, { status: 'pending', progress: -3 }), { ...pending, progress: 0 }],
    ['progress as text', answer(202, { status: 'pending', progress: '37' }), pending],
    ['progress beyond numbers', answer(202, '{"status":"pending","progress":1e999}'), pending],
    ['a null error', answer(202, { status: 'pending', error: null }), pending],
    ['200 pending', answer(200, { status: 'pending', progress: 5 }), { ...pending, progress: 5 }],
    ['an unknown status', answer(200, { status: 'queued' }), pending],
    ['no status', answer(200, {}), pending],
    [
      'done',
      done({ url: URL_DONE, duration: 6, respect_moderation: true }, { usage: { cost_in_usd_ticks: 3_000_000_000 } }),
      { status: 'done', url: URL_DONE, durationS: 6, costUsdTicks: 3_000_000_000 },
    ],
    ['done in short', done({ url: URL_DONE, duration: 'six' }, { usage: [] }), { status: 'done', url: URL_DONE }],
  ])('reads %s', async (_, script, job) => {
    server.play(script);
    expect(await poll()).toEqual(job);
  });

  it.each<[string, Script, string, RegExp]>([
    ['done, refused by moderation', done({ duration: 6, respect_moderation: false }), 'moderated', /moderation/],
    ['failed by moderation', failed('invalid_argument', 'Rejected by moderation'), 'moderated', /Rejected/],
    ['400 by moderation', answer(400, { code: 'imagine:content-moderated', error: 'No.' }), 'moderated', /^No\.$/],
    ['done without a URL', done({ duration: 6, respect_moderation: true }), 'upstream_failed', /URL/],
    ['done without a video', answer(200, { status: 'done' }), 'upstream_failed', /URL/],
    ['done with another scheme', done({ url: 'file:///etc/passwd' }), 'upstream_failed', /URL/],
    ['done with a relative URL', done({ url: '/1.mp4' }), 'upstream_failed', /URL/],
    ['expired', answer(200, { status: 'expired' }), 'upstream_failed', /expired/],
    ['invalid_argument', failed('invalid_argument', 'Bad picture'), 'bad_request', /^Bad picture$/],
    ['failed_precondition', failed('failed_precondition', 'Bad state'), 'bad_request', /^Bad state$/],
    ['permission_denied', failed('permission_denied', 'No'), 'upstream_failed', /^No$/],
    ['service_unavailable', failed('service_unavailable', 'Busy'), 'upstream_failed', /^Busy$/],
    ['internal_error', failed('internal_error', ''), 'upstream_failed', /^internal_error$/],
    [
      'failed with a text',
      answer(200, { status: 'failed', error: `Sorry ${SECRET}` }),
      'upstream_failed',
      /^Sorry \[key\]$/,
    ],
    ['failed without a reason', answer(200, { status: 'failed' }), 'upstream_failed', /failed/],
    ['422', answer(422, 'what?'), 'bad_request', /^what\?$/],
    ['200 with an error body', answer(200, { code: 'invalid-argument', error: 'What?' }), 'bad_request', /^What\?$/],
  ])('takes %s for the end of the job', async (_, script, fault, message) => {
    server.play(script);
    expect(await poll()).toEqual({ status: 'failed', fault, message: expect.stringMatching(message) });
  });

  it.each([
    ['200 empty', 200, undefined, 'transient'],
    ['200 with HTML', 200, '<html>Hello</html>', 'transient'],
    ['200 with cut JSON', 200, '{"status":"done","video":{"url":"htt', 'transient'],
    ['200 with a list', 200, [], 'transient'],
    ['200 with a fault', 200, { error: 'oops' }, 'transient'],
    ['202 with a fault', 202, { error: 'oops' }, 'transient'],
    ['200 not found', 200, { code: 'not-found', error: 'Gone.' }, 'job_gone'],
    ['404', 404, { code: 'not-found', error: 'Gone.' }, 'job_gone'],
    ['410', 410, '', 'job_gone'],
    ['401', 401, { error: 'No header' }, 'transient'],
    ['403', 403, { error: 'No' }, 'transient'],
    ['504', 504, '<html>504</html>', 'transient'],
  ])('%s: to be asked again', async (_, status, body, fault) => {
    server.play(answer(status, body));
    expect(await failureOf(poll())).toMatchObject({ fault, status, submitted: 'no' });
  });

  it('tells how long to wait after 429', async () => {
    server.play(answer(429, { error: 'slow down' }, { 'retry-after': '4' }));
    expect(await failureOf(poll())).toMatchObject({ outcome: 'rate_limited', retryAfterMs: 4000 });
  });
});
