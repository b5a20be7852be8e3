import { createXaiUpstream } from '../src/index.js';
import type { Situation, Stage } from './conformance/stage.js';
import { describeGrokUpstream } from './conformance.js';
import {
  answer,
  cut,
  DONE,
  events,
  eventsThenCut,
  eventsThenHang,
  hang,
  type Script,
  ScriptedServer,
} from './scripted-server.js';
import { credentialFor } from './support.js';

const flags = { team_blocked: false, api_key_blocked: false, api_key_disabled: false };

const says = (content: string) => ({ choices: [{ index: 0, delta: { role: 'assistant', content } }] });
const ends = { choices: [{ index: 0, delta: { content: '' }, finish_reason: 'stop' }] };
const completion = (content: string) => ({
  choices: [{ index: 0, message: { role: 'assistant', content, refusal: null }, finish_reason: 'stop' }],
});
const usage = {
  prompt_tokens: 3,
  completion_tokens: 2,
  total_tokens: 7,
  completion_tokens_details: { reasoning_tokens: 2 },
};
const image = { b64_json: '/9j/', mime_type: 'image/jpeg', respect_moderation: true };

/** Answers a chat in the way that was asked for. */
const chat = (whole: object, ...streamed: (object | string)[]): Script => {
  return (response, request) => {
    const { stream } = JSON.parse(request.body);
    const script = stream ? events(...streamed) : answer(200, whole);
    script(response, request);
  };
};

const SCRIPTS: Record<Situation, Script> = {
  accepts: answer(200, { request_id: 'job-1' }),
  pending: answer(202, { status: 'pending', progress: 37 }),
  done: answer(200, { status: 'done', video: { url: 'https://videos.example/1.mp4' } }),
  answers: chat(
    { ...completion('Hello there'), usage },
    says('Hello'),
    says(' there'),
    ends,
    { choices: [], usage },
    DONE,
  ),
  'answers nothing': chat(completion(''), says(''), ends, DONE),
  'answer breaks': eventsThenCut(says('Hello')),
  'answer stops': eventsThenHang(says('Hello')),
  'answer fails': events(says('Hello'), { code: 'resource-exhausted', error: 'Too many requests' }),
  draws: answer(200, { data: [image, image] }),
  'draws one': answer(200, { data: [image, { url: '', respect_moderation: false }] }),
  'draws none': answer(200, { data: [{ respect_moderation: false }] }),
  'draws nothing': answer(200, { data: [{ b64_json: '' }] }),
  moderated: answer(400, { code: 'imagine:content-moderated', error: 'Rejected.' }),
  'job moderated': answer(200, { status: 'done', video: { respect_moderation: false } }),
  'job failed': answer(200, { status: 'failed', error: { code: 'internal_error', message: 'Sorry.' } }),
  'job unknown': answer(404, { code: 'not-found', error: 'No such job.' }),
  'bad request': answer(422, 'Failed to deserialize the JSON body'),
  'model unknown': answer(404, { code: 'not-found', error: 'The model grok-4.7 does not exist.' }),
  'rate limited': answer(429, { code: 'resource-exhausted', error: 'Too many requests' }, { 'retry-after': '3' }),
  'wrong key': answer(400, { code: 'invalid-argument', error: 'Incorrect API key provided: xa***89.' }),
  'not permitted': answer(403, { code: 'permission-denied', error: 'The team lacks permission.' }),
  'no credits': answer(429, { error: 'Your team has used all available credits or reached its spending limit.' }),
  broken: answer(503, { error: 'overloaded' }),
  'overloaded proxy': answer(502, '<html><title>502 Bad Gateway</title></html>'),
  'answer cut': cut(200, '{"request_id":"jo'),
  'answer unreadable': answer(200, '<html>Welcome</html>'),
  silent: hang,
  'key good': answer(200, { redacted_api_key: 'xai-...89', ...flags, acls: ['api-key:model:*'] }),
  'key blocked': answer(200, { ...flags, api_key_blocked: true }),
  models: (response, request) => {
    const kind = /^\/v1\/(\w+)/.exec(request.path)?.[1];
    const model = kind === 'language' ? { id: 'chat-1', aliases: ['chat'] } : { id: `${kind}-1` };
    answer(200, { models: [model] })(response, request);
  },
};

async function startStage(): Promise<Stage> {
  const server = await ScriptedServer.start();
  const stopped = await ScriptedServer.start();
  const closedOrigin = stopped.origin;
  await stopped.stop();
  return {
    upstream: createXaiUpstream({ createTimeoutMs: 1000, answerTimeoutMs: 1000 }),
    credential: credentialFor(server.origin),
    unreachable: credentialFor(closedOrigin),
    play: (situation) => server.play(SCRIPTS[situation]),
    callCount: () => server.requests.length,
    firstCall: () => server.received(1),
    stop: () => server.stop(),
  };
}

describeGrokUpstream('xAI', startStage);
