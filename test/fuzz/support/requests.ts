import fc from 'fast-check';
import { z } from 'zod';
import { API_ROUTES, type ApiRoute } from '../../../packages/contracts/src/index.js';
import { operationOf } from '../../api/support/api-document.js';
import { fromSchema, hostileText, hostileValue } from './from-schema.js';

/** A request to a route, ready to be sent. */
export interface FuzzedRequest {
  /** The route's operation. */
  operationId: string;
  path: string;
  headers: Record<string, string>;
  body: string | Uint8Array<ArrayBuffer> | FormData | null;
}

/** Ids of things that are there, by what they stand for in a path. */
export type KnownIds = Record<string, readonly string[]>;

const contentSchema = z.object({ schema: z.record(z.string(), z.unknown()) });

/** Percent signs may be written as such: what they make need not be UTF-8. */
const segment = fc.oneof(
  hostileText.map((text) => encodeURIComponent(text.toWellFormed()).slice(0, 2_000) || '%20'),
  fc.constantFrom('%', '%zz', '%ff', '%00', '%c0%af'),
);

// Header values as HTTP lets them be.
const headerText = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 60 }),
  fc.string({ unit: fc.integer({ min: 0x80, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 20 }),
  fc.constantFrom(
    '*',
    'bytes=0-',
    'bytes=-1',
    'bytes=9-1',
    'W/"x"',
    '0',
    '-1',
    '1e9',
    'en',
    'zh;q=0',
    'null',
    'gzip',
    'x'.repeat(300),
  ),
);
const HEADERS = [
  'idempotency-key',
  'last-event-id',
  'range',
  'if-none-match',
  'if-modified-since',
  'if-range',
  'accept-language',
  'accept',
  'accept-encoding',
  'x-request-id',
  'x-stainless-timeout',
  'x-forwarded-for',
  'x-forwarded-proto',
  'origin',
  'access-control-request-method',
  'traceparent',
  'cookie',
];
const CONTENT_TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'application/vnd.x+json',
  'text/plain',
  'multipart/form-data',
  'multipart/form-data; boundary=x',
  'multipart/form-data; boundary=""',
  'application/x-www-form-urlencoded',
  'text/csv',
  'application/octet-stream',
  'application/json; charset=utf-16',
  ';;;',
];

/** Requests to the routes of the table: mostly such as they are described, and never all of it. */
export function requests(
  routes: readonly ApiRoute[],
  known: KnownIds,
  always: Record<string, string>,
): fc.Arbitrary<FuzzedRequest> {
  return fc.oneof(...routes.map((route) => requestsTo(route, known, always)));
}

function requestsTo(route: ApiRoute, known: KnownIds, always: Record<string, string>): fc.Arbitrary<FuzzedRequest> {
  const headers = fc.dictionary(fc.constantFrom(...HEADERS), headerText, { maxKeys: 3 });
  return fc
    .tuple(pathOf(route, known), queryOf(route), headers, bodyOf(route))
    .map(([path, query, more, { headers: own, body }]) => ({
      operationId: route.operationId,
      path: path + query,
      headers: { ...more, ...always, ...own },
      body,
    }));
}

function pathOf({ path }: ApiRoute, known: KnownIds): fc.Arbitrary<string> {
  const parts = path.split(/(\{\w+\})/).map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) return fc.constant(part);
    const ids = known[name] ?? [];
    return ids.length > 0
      ? fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...ids) }, { weight: 1, arbitrary: segment })
      : segment;
  });
  return fc.tuple(...parts).map((texts) => texts.join(''));
}

function queryOf({ query }: ApiRoute): fc.Arbitrary<string> {
  if (!query) return fc.constant('');
  const names = fc.oneof(fc.constantFrom(...Object.keys(query.shape)), hostileText);
  const values = fc.oneof(
    fc.constantFrom('1', '0', '-1', 'failed', 'day', 'asc', 'true', '2026-01-01', '2026-02-30', 'a,b'),
    hostileText,
  );
  return fc.array(fc.tuple(names, values), { maxLength: 3 }).map((pairs) => {
    const query = pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
    return query === '' ? '' : `?${query}`;
  });
}

const encode = (text: string) => encodeURIComponent(text.toWellFormed()).slice(0, 1_000);

interface FuzzedBody {
  headers: Record<string, string>;
  body: FuzzedRequest['body'];
}

function bodyOf(route: ApiRoute): fc.Arbitrary<FuzzedBody> {
  if (route.method === 'get') return fc.constant({ headers: {}, body: null });
  const content = operationOf(route).requestBody?.content ?? {};
  const described = contentSchema.safeParse(content['application/json']).data?.schema;
  const json = (described ? fromSchema(described) : hostileValue).map((value) => toBody(JSON.stringify(value) ?? ''));
  const broken = fc
    .tuple(json, fc.nat(200))
    .map(([{ headers, body }, cut]) => ({ headers, body: typeof body === 'string' ? body.slice(0, cut) : body }));
  const raw = fc
    .tuple(
      fc.constantFrom(...CONTENT_TYPES),
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom('identity', 'gzip', 'br', 'deflate', 'zstd', 'gzip, gzip'),
    )
    .map(([type, bytes, encoding]) => ({
      headers: { 'content-type': type, 'content-encoding': encoding },
      body: new Uint8Array(bytes),
    }));
  const none = fc.constant<FuzzedBody>({ headers: {}, body: null });
  const choices = [
    { weight: described ? 8 : 1, arbitrary: json },
    { weight: 1, arbitrary: broken },
    { weight: 1, arbitrary: raw },
    { weight: 1, arbitrary: none },
    ...(content['multipart/form-data'] ? [{ weight: 8, arbitrary: forms }] : []),
  ];
  return fc.oneof(...choices);
}

function toBody(text: string): FuzzedBody {
  return { headers: { 'content-type': 'application/json' }, body: text };
}

const PNG = new Uint8Array(
  Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  ),
);
const fieldName = fc.oneof(
  fc.constantFrom('image', 'image[]', 'file', 'prompt', 'n', 'size', 'model', 'mask', 'stream', '__proto__', 'a[b][c]'),
  hostileText,
);
const file = fc.oneof(
  fc.constant(PNG),
  fc.constant(PNG.slice(0, 20)),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => new Uint8Array(bytes)),
);

const forms: fc.Arbitrary<FuzzedBody> = fc
  .array(fc.tuple(fieldName, fc.oneof(hostileText, file), hostileText), { maxLength: 6 })
  .map((fields) => {
    const form = new FormData();
    for (const [name, value, filename] of fields) {
      if (typeof value === 'string') form.append(name, value);
      else form.append(name, new Blob([value]), filename);
    }
    return { headers: {}, body: form };
  });

/** The routes that clients use, and those of the administrator. */
export const CLIENT_ROUTES = API_ROUTES.filter(({ access }) => access !== 'admin');
export const ADMIN_ROUTES = API_ROUTES.filter(({ access }) => access === 'admin');
