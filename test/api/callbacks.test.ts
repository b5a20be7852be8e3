import { Receiver, TestSystem } from '@grok2api/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { API_ROUTES } from '../../packages/contracts/src/index.js';
import { DOCUMENT, faultsOf, routeNamed } from './support/api-document.js';
import { send } from './support/calls.js';

const POST = ['webhooks', 'taskEnded', 'post'];
const BODY = [...POST, 'requestBody', 'content', 'application/json', 'schema'];

const documentSchema = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.object({ callbacks: z.unknown().optional() }))),
  webhooks: z.object({
    taskEnded: z.object({
      post: z.object({
        parameters: z.array(z.object({ name: z.string(), in: z.literal('header'), required: z.literal(true) })),
        requestBody: z.object({
          content: z.object({
            'application/json': z.object({ examples: z.record(z.string(), z.object({ value: z.unknown() })) }),
          }),
        }),
      }),
    }),
  }),
  components: z.object({
    schemas: z.record(z.string(), z.object({ properties: z.record(z.string(), z.unknown()).optional() })),
  }),
});
const { paths, webhooks, components } = documentSchema.parse(DOCUMENT);
const { parameters, requestBody } = webhooks.taskEnded.post;

/** Routes with a `callback_url` in their body. */
const CREATES = API_ROUTES.filter(({ body }) =>
  body?.json?.schemas.some((name) => 'callback_url' in (components.schemas[name]?.properties ?? {})),
).map(({ operationId }) => operationId);

let system: TestSystem;
let receiver: Receiver;
beforeAll(async () => {
  system = await TestSystem.start({
    env: { FETCH_ALLOW: '127.0.0.0/8', SIMULATOR_VIDEO_MS: '300', SIMULATOR_IMAGE_MS: '50' },
  });
});
afterAll(async () => {
  await system?.stop();
});
beforeEach(async () => {
  receiver = await Receiver.start();
});
afterEach(() => receiver.stop());

describe('the document', () => {
  it('says at every route that takes a callback_url what is posted there, and says it once', () => {
    const ref = { $ref: '#/webhooks/taskEnded' };
    for (const { method, path, operationId } of API_ROUTES) {
      const expected = CREATES.includes(operationId)
        ? { taskEnded: { '{$request.body#/callback_url}': ref } }
        : undefined;
      expect([operationId, paths[path]?.[method]?.callbacks]).toEqual([operationId, expected]);
    }
  });

  it('has good examples of it', () => {
    for (const { value } of Object.values(requestBody.content['application/json'].examples)) {
      expect(faultsOf(value, ...BODY)).toEqual([]);
    }
  });
});

const ENDS = {
  video: { completed: '一只猫', failed: 'fail:permission_denied', cancelled: 'never:done' },
  image: { completed: '一只猫', failed: 'moderated:image', cancelled: 'slow:20000' },
} as const;
const MODELS = { video: 'grok-imagine-1.0-video', image: 'grok-imagine-1.0' } as const;

describe.each(CREATES)('what is posted to the callback_url of %s', (operationId) => {
  const kind = operationId === 'createImageTask' ? 'image' : 'video';

  it.each(Object.entries(ENDS[kind]))('about a task that is %s is as described', async (end, prompt) => {
    const body = { model: MODELS[kind], prompt, callback_url: receiver.url() };
    const made = await send(system.baseUrl, routeNamed(operationId), { body });
    const id = /task_[0-9a-f]{32}/.exec(await made.text())?.[0] ?? '';
    const tasks = kind === 'image' ? system.imageTasks() : system.tasks();
    if (end === 'cancelled') await tasks.request('DELETE', `/v1/${kind === 'image' ? 'images' : 'video'}/tasks/${id}`);
    const [received] = await receiver.until(1);
    const payload = JSON.parse(received?.body ?? '');
    expect(faultsOf(payload, ...BODY)).toEqual([]);
    expect(payload).toMatchObject({ type: `${kind}.task.${end}`, task_id: id });
    for (const { name } of parameters) expect([name, received?.headers[name]]).toEqual([name, expect.any(String)]);
    expect(received?.headers['content-type']).toBe('application/json');
  });
});

it('is looked at for every route that makes tasks by themselves', () => {
  expect(CREATES).toEqual(['createVideoTask', 'createVideoGeneration', 'createImageTask']);
});
