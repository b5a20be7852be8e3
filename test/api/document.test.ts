import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { API_ROUTES, openApiDocument } from '../../packages/contracts/src/index.js';
import { eventData, faultsOf, operationOf, replyPlace } from './support/api-document.js';

const BODIES = API_ROUTES.flatMap((route) => {
  const { requestBody } = operationOf(route);
  return Object.keys(requestBody?.content ?? {}).map((type) => [route.operationId, type, route] as const);
});
const REPLIES = API_ROUTES.flatMap((route) =>
  Object.entries(operationOf(route).responses).flatMap(([status, { content }]) =>
    Object.keys(content ?? {}).map((type) => [route.operationId, Number(status), type, route] as const),
  ),
);

describe('the OpenAPI document', () => {
  it.each([true, false])('is valid by the schema of OpenAPI 3.1 (closed: %s)', async (closed) => {
    const validator = new Validator();
    const result = await validator.validate(structuredClone(openApiDocument({ closed })));
    expect(result.errors ?? []).toEqual([]);
    expect(validator.version).toBe('3.1');
  });

  it('names every operation once, and every parameter of its path', () => {
    const ids = API_ROUTES.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, params } of API_ROUTES) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(Object.keys(params?.shape ?? {})).toEqual(inPath);
    }
  });

  it('takes an Idempotency-Key wherever clients make something', () => {
    // Signing in to the console makes nothing that lasts.
    const made = API_ROUTES.filter(
      ({ method, access, tag }) => method === 'post' && access !== 'admin' && tag !== 'Console',
    );
    expect(made.length).toBeGreaterThan(7);
    for (const { operationId, keyed } of made) expect([operationId, keyed]).toEqual([operationId, true]);
    expect(API_ROUTES.filter(({ keyed }) => keyed)).toEqual(made);
  });

  it('leaves open what else a reply may have', () => {
    expect(JSON.stringify(openApiDocument())).not.toContain('"additionalProperties":false');
    expect(JSON.stringify(openApiDocument({ closed: true }))).toContain('"additionalProperties":false');
  });

  it.each(BODIES)('has good examples of what is sent: %s, %s', (_id, type, route) => {
    const examples = operationOf(route).requestBody?.content[type]?.examples ?? {};
    for (const { value } of Object.values(examples)) {
      const place = ['paths', route.path, route.method, 'requestBody', 'content', type, 'schema'];
      expect(faultsOf(value, ...place)).toEqual([]);
    }
  });

  it.each(REPLIES)('has good examples of what is replied: %s, %i, %s', (_id, status, type, route) => {
    const content = operationOf(route).responses[status]?.content?.[type];
    for (const { value } of Object.values(content?.examples ?? {})) {
      expect(faultsOf(value, ...replyPlace(route, status, type))).toEqual([]);
    }
    const { example } = route.replies[status]?.events ?? {};
    const events = type === 'text/event-stream' ? eventData(example ?? '') : [];
    for (const data of events) expect(faultsOf(data, ...replyPlace(route, status, type, 'x-event-data'))).toEqual([]);
  });

  it.each([
    '你好，请介绍一下你自己',
    '一只可爱的猫在花园里玩耍',
    '写一首诗',
    '一只在太空中的宇航员，数字艺术风格',
    '美丽的日落风景',
    '赛博朋克城市夜景',
    '给图片添加一个蓝色的天空',
    '一只海豚在海洋中跳跃',
    '让图片动起来',
    '一只在太空漂浮的猫',
    '把图片变清晰',
    '生成一段海边日落视频',
    '让这张图动起来，风吹动头发',
    '一只猫在花园里玩耍',
    '任务不存在',
    'Prompt cannot be empty',
    'No available tokens. Please try again later.',
  ])("has the published documents' example: %s", (prompt) => {
    expect(JSON.stringify(openApiDocument())).toContain(prompt);
  });
});
