/** The upstream of all contestants: it answers at once, with as little work of its own as can be. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { announce } from './announce.js';

const CHUNKS = 20;
const MODEL = 'grok-4.3';
const VIDEO_MODEL = 'grok-imagine-video';
/** How long a video takes; far longer than a measure, unless that one is about the end of videos. */
const VIDEO_MS = Number(process.env.MOCK_VIDEO_MS || 600_000);
const FILE = Buffer.from([0, 0, 0, 24, ...Buffer.from('ftypmp42'), 0, 0, 0, 0, ...Buffer.from('mp42isom')]);

const text = 'The quick brown fox jumps over the lazy dog, again and again. ';
const usage = { prompt_tokens: 20, completion_tokens: 20, total_tokens: 40, cost_in_usd_ticks: 1_000_000 };
const base = { id: '6f9619ff-8b86-d011-b42d-00c04fc964ff', created: 1_780_000_000, model: MODEL };
const COMPLETION = Buffer.from(
  JSON.stringify({
    ...base,
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: text.repeat(5) }, finish_reason: 'stop' }],
    usage,
  }),
);
const FRAMES = Array.from({ length: CHUNKS }, (_, n) => {
  const choice = {
    index: 0,
    delta: { role: 'assistant', content: text },
    ...(n + 1 === CHUNKS && { finish_reason: 'stop' }),
  };
  return Buffer.from(`data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [choice] })}\n\n`);
});
const LAST = Buffer.from(
  `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [], usage })}\n\ndata: [DONE]\n\n`,
);

const started = new Map<string, number>();
let jobs = 0;

const server = createServer((req, res) => {
  const path = (req.url ?? '').replace(/^\/v1/, '');
  if (req.method === 'POST') void readBody(req).then((body) => post(path, body, res));
  else get(path, req.headers.host ?? '', res);
});
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => announce(server));

function post(path: string, body: string, res: ServerResponse): void {
  if (path === '/chat/completions') {
    if (body.includes('"stream":true')) stream(res);
    else send(res, 200, COMPLETION);
  } else if (path === '/videos/generations') {
    const id = `job-${++jobs}`;
    started.set(id, Date.now());
    json(res, 200, { request_id: id });
  } else json(res, 404, { code: 'not-found', error: 'no such route' });
}

function get(path: string, host: string, res: ServerResponse): void {
  if (path === '/api-key') {
    json(res, 200, {
      redacted_api_key: 'xai-…mock',
      team_blocked: false,
      api_key_blocked: false,
      api_key_disabled: false,
      acls: ['api-key:model:*', 'api-key:endpoint:*'],
    });
  } else if (path === '/language-models') json(res, 200, { models: [{ id: MODEL, aliases: ['grok-latest'] }] });
  else if (path === '/image-generation-models') json(res, 200, { models: [{ id: 'grok-imagine-image', aliases: [] }] });
  else if (path === '/video-generation-models') json(res, 200, { models: [{ id: VIDEO_MODEL, aliases: [] }] });
  else if (path === '/models')
    json(res, 200, { object: 'list', data: [{ id: MODEL, object: 'model', created: 1, owned_by: 'xai' }] });
  else if (path.startsWith('/videos/')) poll(path.slice('/videos/'.length), host, res);
  else if (path === '/file.mp4')
    res.writeHead(200, { 'content-type': 'video/mp4', 'content-length': FILE.length }).end(FILE);
  else if (path === '/') res.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>');
  else if (path === '/ledger') json(res, 200, { jobs });
  else json(res, 404, { code: 'not-found', error: 'no such route' });
}

function poll(id: string, host: string, res: ServerResponse): void {
  const at = started.get(id);
  if (at === undefined) json(res, 404, { code: 'not-found', error: 'no such job' });
  else if (Date.now() - at < VIDEO_MS)
    json(res, 202, { status: 'pending', progress: Math.floor((100 * (Date.now() - at)) / VIDEO_MS) });
  else {
    const video = { url: `http://${host}/file.mp4`, duration: 6, respect_moderation: true };
    json(res, 200, { status: 'done', progress: 100, model: VIDEO_MODEL, video, usage: { cost_in_usd_ticks: 1 } });
  }
}

/** One frame a turn of the event loop, so that each is sent on its own, as a model does. */
function stream(res: ServerResponse): void {
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  let next = 0;
  const write = () => {
    const frame = FRAMES[next++];
    if (frame === undefined) res.end(LAST);
    else {
      res.write(frame);
      setImmediate(write);
    }
  };
  write();
}

function json(res: ServerResponse, status: number, body: object): void {
  send(res, status, Buffer.from(JSON.stringify(body)));
}

function send(res: ServerResponse, status: number, body: Buffer): void {
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
}

async function readBody(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
