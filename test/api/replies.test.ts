import { TestSystem } from '@grok2api/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_ROUTES } from '../../packages/contracts/src/index.js';
import { pictureFile } from '../e2e/support/picture.js';
import { DOCUMENT, routeNamed } from './support/api-document.js';
import { type Call, pictureForm, send } from './support/calls.js';
import { consoleFile } from './support/console-file.js';
import { ReplyCheck } from './support/reply-check.js';

const ADMIN_KEY = 'admin-secret-1';
const VIDEO = { model: 'grok-imagine-1.0-video', prompt: '一只猫' };
const IMAGE = { model: 'grok-imagine-1.0', prompt: '一只狗' };
const chat = (content: string, more: object = {}) => ({
  body: { model: 'grok-2', messages: [{ role: 'user', content }], ...more },
});

let system: TestSystem;
let picture: Buffer;
const replies = new ReplyCheck(() => system.baseUrl);
const check = replies.check.bind(replies);

beforeAll(async () => {
  system = await TestSystem.start({ env: { ADMIN_KEY, SIMULATOR_VIDEO_MS: '300', SIMULATOR_IMAGE_MS: '50' } });
  picture = await pictureFile({ width: 300, height: 200, color: 'red' });
});
afterAll(async () => {
  await system?.stop();
});

async function createTask(operationId: string, body: object): Promise<string> {
  const made = JSON.parse(await check(operationId, operationId === 'createVideoTask' ? 200 : 202, { body }));
  return made.task_id ?? made.data.taskId;
}

/** Makes a task and waits until it is as wanted. */
async function task(operationId: string, body: object, wanted: string): Promise<{ task_id: string }> {
  const task_id = await createTask(operationId, body);
  const get = operationId === 'createImageTask' ? 'getImageTask' : 'getVideoTask';
  await expect
    .poll(async () => JSON.parse(await check(get, 200, { params: { task_id } })).status, { timeout: 20_000 })
    .toBe(wanted);
  return { task_id };
}

describe('replies are as described', () => {
  it.each<[string, () => Call]>([
    ['a text', () => chat('tokens:5')],
    ['two choices', () => chat('tokens:5', { n: 2, logprobs: true, top_logprobs: 2, seed: 1 })],
    ['reasoning', () => chat('tokens:5', { thinking: 'enabled' })],
    [
      'a call of a tool',
      () =>
        chat('weather', {
          tools: [
            { type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: {} } } },
          ],
          tool_choice: 'required',
        }),
    ],
    ['a stream', () => chat('tokens:5', { stream: true })],
    ['a stream with its usage', () => chat('tokens:5', { stream: true, stream_options: { include_usage: true } })],
    [
      'a stream with a call of a tool',
      () =>
        chat('weather', {
          stream: true,
          tools: [
            { type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: {} } } },
          ],
          tool_choice: 'required',
        }),
    ],
    ['a stream that is cut', () => chat('cut:3', { stream: true })],
    ['a video', () => chat('一只猫', { model: VIDEO.model })],
    ['a streamed video', () => chat('一只猫', { model: VIDEO.model, stream: true })],
    ['an image', () => chat('一只猫', { model: IMAGE.model })],
    ['a streamed image', () => chat('一只猫', { model: IMAGE.model, stream: true })],
  ])('of a chat: %s', async (_name, call) => {
    await check('createChatCompletion', 200, call());
  });

  it('of a chat that fails', async () => {
    await check('createChatCompletion', 400, chat('moderated:chat'));
    await check('createChatCompletion', 404, { body: { model: 'x', messages: [] } });
    await check('createChatCompletion', 400, chat('moderated:done', { model: VIDEO.model }));
    setTimeout(() => void send(system.baseUrl, routeNamed('deleteAllVideoTasks')), 1_000);
    await check('createChatCompletion', 409, chat('never:done', { model: VIDEO.model }));
  });

  it.each<[string, object]>([
    ['URLs', { n: 2 }],
    ['base64', { response_format: 'b64_json' }],
    ['base64 under both names', { response_format: 'base64' }],
    ['a stream', { stream: true, n: 2 }],
    ['a stream of base64', { stream: true, response_format: 'b64_json' }],
  ])('of images: %s', async (_name, more) => {
    await check('createImage', 200, { body: { ...IMAGE, ...more } });
    await check('createImageEdit', 200, {
      body: { ...IMAGE, ...more, image: `data:image/png;base64,${picture.toString('base64')}` },
    });
  });

  it('of edited files', async () => {
    await check('createImageEdit', 200, { body: pictureForm('image', picture, { prompt: '红' }) });
    await check('createImageEdit', 400, { body: pictureForm('image', Buffer.from('x'), { prompt: '红' }) });
    await check('createImage', 400, { body: { prompt: 'x', size: 'large' } });
  });

  it('of uploads and files', async () => {
    const upload = JSON.parse(await check('uploadPicture', 200, { body: pictureForm('file', picture) }));
    const params = { file_id: new URL(upload.image_url).pathname.split('/').at(-1) ?? '' };
    await check('getFile', 200, { params });
    await check('getFile', 206, { params, headers: { range: 'bytes=0-3' } });
    await check('getFile', 416, { params, headers: { range: 'bytes=9999999-' } });
    const etag = (await send(system.baseUrl, routeNamed('getFile'), { params })).headers.get('etag') ?? '';
    await check('getFile', 304, { params, headers: { 'if-none-match': etag } });
    await check('getFile', 404, { params: { file_id: 'x' } });
    await check('uploadPicture', 400, { body: pictureForm('other', picture) });
    await check('createVideoTask', 200, { body: { ...VIDEO, image_url: upload.image_url } });
  });

  it.each<['Video' | 'Image', string, object]>([
    ['Video', 'createVideoTask', VIDEO],
    ['Video', 'createVideoGeneration', { ...VIDEO, messages: chat('一只猫').body.messages, prompt: undefined }],
    ['Image', 'createImageTask', IMAGE],
    ['Image', 'createImageTask', { ...IMAGE, response_format: 'b64_json', n: 2 }],
  ])('of %s tasks made by %s', async (kind, create, body) => {
    const params = await task(create, body, 'completed');
    await check(`get${kind}TaskResult`, 200, { params });
    await check(`stream${kind}Task`, 200, { params });
    await check(`stream${kind}Task`, 204, { params, headers: { 'last-event-id': '1000' } });
    await check(`cancel${kind}Task`, 409, { params });
    await check(`retry${kind}Task`, 409, { params });
    const page = JSON.parse(await check(`list${kind}Tasks`, 200, { query: '?limit=1' }));
    expect(page.tasks).toHaveLength(1);
    await check(`list${kind}Tasks`, 400, { query: '?status=lost' });
    await check(`delete${kind}Tasks`, 200, { body: { task_ids: [params.task_id] } });
    await check(`delete${kind}Tasks`, 400, { body: { task_ids: [] } });
    for (const of of ['get', 'cancel', 'retry', 'stream']) await check(`${of}${kind}Task`, 404, { params });
  });

  it.each<['Video' | 'Image', string, object]>([
    ['Video', 'createVideoTask', { ...VIDEO, prompt: 'never:done' }],
    ['Image', 'createImageTask', { ...IMAGE, prompt: 'slow:20000' }],
  ])('of %s tasks that are being made', async (kind, create, body) => {
    const params = await task(create, body, 'running');
    await check(`get${kind}TaskResult`, 409, { params });
    const stream = check(`stream${kind}Task`, 200, { params });
    await check(`cancel${kind}Task`, 200, { params });
    expect(await stream).toContain('"cancelled"');
    await check(`get${kind}Task`, 200, { params });
  });

  it.each<['Video' | 'Image', string, object]>([
    ['Video', 'createVideoTask', { ...VIDEO, prompt: 'fail:invalid_argument' }],
    ['Image', 'createImageTask', { ...IMAGE, prompt: 'moderated:image' }],
  ])('of %s tasks that failed', async (kind, create, body) => {
    const params = await task(create, body, 'failed');
    await check(`get${kind}TaskResult`, 200, { params });
    await check(`stream${kind}Task`, 200, { params });
    await check(`retry${kind}Task`, 200, { params });
    await check(`delete${kind}TasksByStatus`, 200, { params: { status: 'failed' } });
    await check(`delete${kind}TasksByStatus`, 400, { params: { status: 'lost' } });
    await check(`deleteAll${kind}Tasks`, 200);
  });

  it.each<[string, number, object]>([
    ['createVideoTask', 400, { ...VIDEO, prompt: ' ' }],
    ['createVideoTask', 404, { ...VIDEO, model: 'x' }],
    ['createVideoGeneration', 400, { ...VIDEO, model: 'x' }],
    ['createVideoGeneration', 422, {}],
    ['createImageTask', 400, { ...IMAGE, size: 'large' }],
    ['createImageTask', 422, { model: 1 }],
  ])('of tasks that are refused: %s, %i', async (create, status, body) => {
    await check(create, status, { body });
  });

  it('of the console and of who is signed in to it', async () => {
    await check('getConsole', 200);
    await check('getConsolePage', 200, { params: { page: 'tasks' } });
    await check('getConsoleFile', 200, { params: { file: await consoleFile(system.baseUrl) } });
    await check('getConsoleFile', 404, { params: { file: 'package.json' } });
    await check('getConsoleSession', 200);
    await check('signIn', 200, { body: { key: ADMIN_KEY } });
    await check('signIn', 401, { body: { key: 'wrong-secret-1' } });
    await check('signIn', 400, { body: { key: 1 } });
    await check('signIn', 403, { body: { key: ADMIN_KEY }, headers: { 'sec-fetch-site': 'cross-site' } });
    await check('signOut', 204);
    await check('signOut', 403, { headers: { 'sec-fetch-site': 'cross-site' } });
  });

  it('of the rest', async () => {
    await check('listModels', 200);
    await check('getUsage', 200);
    await check('getUsage', 400, { query: '?group_by=hour' });
    for (const model of ['grok-4', 'grok-imagine-1.0', VIDEO.model])
      await check('getModel', 200, { params: { model } });
    await check('getModel', 404, { params: { model: 'x' } });
    for (const id of ['getHealth', 'getLiveness', 'getReadiness', 'getMetrics', 'getDocs']) await check(id, 200);
    for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js', 'init.js'])
      await check('getDocsFile', 200, { params: { file } });
    const page = { params: { file: 'swagger-ui.css' } };
    const etag = (await send(system.baseUrl, routeNamed('getDocsFile'), page)).headers.get('etag') ?? '';
    // As a browser asks; `fetch` would say `no-cache` by itself.
    const headers = { 'if-none-match': etag, 'cache-control': 'max-age=0' };
    await check('getDocsFile', 304, { ...page, headers });
    await check('getDocsFile', 404, { params: { file: 'package.json' } });
    expect(JSON.parse(await check('getOpenApi', 200)).paths).toEqual(JSON.parse(JSON.stringify(DOCUMENT.paths)));
  });
});

it('every success that is described was seen', () => {
  // By unwell-replies.test.ts.
  const elsewhere = ['getHealth 503', 'getReadiness 503'];
  const routes = API_ROUTES.filter(({ access }) => access !== 'admin');
  expect(replies.unseen(routes).filter((each) => !elsewhere.includes(each))).toEqual([]);
});
