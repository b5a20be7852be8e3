import { z } from 'zod';
import type { ErrorCode } from '../error-catalogue.js';
import { errorsOf } from './errors.js';
import {
  type Access,
  type ApiRoute,
  type FormContent,
  type JsonContent,
  RATE_LIMIT_HEADERS,
  REPLY_HEADERS,
  type Reply,
  type ReplyHeader,
  type RequestBody,
} from './route.js';

/** A part of the document. */
export type Json = Record<string, unknown>;

const SECURITY: Record<Access, Json[]> = {
  public: [],
  key: [{ bearer: [] }, { apiKey: [] }],
  capability: [{ bearer: [] }, { apiKey: [] }, {}],
  admin: [{ adminKey: [] }],
};

/** The reference to a schema of the document. */
export function refOf(id: string): string {
  return `#/components/schemas/${id}`;
}

const CALLBACKS = { taskEnded: { '{$request.body#/callback_url}': { $ref: '#/webhooks/taskEnded' } } };

/** A route as an operation of the document. */
export function operation(route: ApiRoute): Json {
  const { operationId, tag, summary, description, access, body, callback } = route;
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: SECURITY[access],
    parameters: parameters(route),
    ...(body ? { requestBody: { required: true, content: requestContent(body) } } : {}),
    responses: responses(route),
    ...(callback ? { callbacks: CALLBACKS } : {}),
  };
}

function parameters({ params, query, headers, keyed }: ApiRoute): Json[] {
  const described = Object.entries(headers ?? {});
  if (keyed) described.push(['idempotency-key', KEY_DESCRIPTION]);
  return [
    ...parametersIn('path', params),
    ...parametersIn('query', query),
    ...described.map(([name, description]) => ({ name, in: 'header', description, schema: { type: 'string' } })),
  ];
}

const KEY_DESCRIPTION =
  'A text of your own, up to 255 printable characters: the same request with the same key is done once, and replied to with the same reply for 24 hours.';

function parametersIn(place: 'path' | 'query', schema: z.ZodObject | undefined): Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: property,
  }));
}

function requestContent({ json, form, text = {} }: RequestBody): Json {
  return {
    ...(json ? { 'application/json': jsonContent(json) } : {}),
    ...(form ? { 'multipart/form-data': formContent(form) } : {}),
    ...Object.fromEntries(Object.entries(text).map(([type, description]) => [type, textContent(description)])),
  };
}

function jsonContent({ schemas, examples }: JsonContent<string>): Json {
  const refs = schemas.map((name) => ({ $ref: refOf(name) }));
  return { schema: refs.length === 1 ? refs[0] : { anyOf: refs }, ...(examples ? { examples } : {}) };
}

function formContent({ fields, files, examples }: FormContent): Json {
  const file = { type: 'string', format: 'binary' };
  const fileFields = Object.entries(files).map(([name, { many }]) => [
    name,
    many ? { type: 'array', items: file } : file,
  ]);
  const { properties, required = [] } = z.toJSONSchema(fields, { io: 'input' });
  const requiredFiles = Object.keys(files).filter((name) => files[name]?.required);
  return {
    schema: {
      type: 'object',
      properties: { ...properties, ...Object.fromEntries(fileFields) },
      required: [...required, ...requiredFiles],
    },
    ...(examples ? { examples } : {}),
  };
}

function textContent(description: string): Json {
  return { schema: { type: 'string', description } };
}

function responses(route: ApiRoute): Json {
  const made: Record<string, Json> = {};
  for (const [status, codes] of errorsOf(route)) made[status] = errorResponse(status, codes, route);
  for (const [status, reply] of Object.entries(route.replies)) {
    const sameStatus = made[status];
    const response = replyResponse(reply, route);
    made[status] = sameStatus ? merged(response, sameStatus) : response;
  }
  return made;
}

const HEADERS_OF_ERRORS: Readonly<Record<number, readonly ReplyHeader[]>> = {
  405: ['allow'],
  409: ['retry-after'],
  429: ['retry-after'],
  502: ['x-should-retry'],
  503: ['retry-after', 'x-should-retry'],
  504: ['x-should-retry'],
};

function errorResponse(status: number, codes: readonly ErrorCode[], route: ApiRoute): Json {
  return {
    description: codes.map((code) => `\`${code}\``).join(', '),
    headers: headers([...(HEADERS_OF_ERRORS[status] ?? []), ...(status === 429 ? limitHeaders(route) : [])]),
    content: { 'application/json': { schema: { $ref: refOf('Error') }, examples: exampleRefs(codes) } },
    'x-error-codes': codes,
  };
}

function replyResponse({ description, json, events, other = {}, headers: names = [] }: Reply, route: ApiRoute): Json {
  const content = {
    ...(json ? { 'application/json': jsonContent(json) } : {}),
    ...(events ? { 'text/event-stream': eventContent(events) } : {}),
    ...Object.fromEntries(Object.entries(other).map(([type, text]) => [type, textContent(text)])),
  };
  const replayed: ReplyHeader[] = route.keyed ? ['idempotent-replayed'] : [];
  return {
    description,
    headers: headers([...names, ...replayed, ...limitHeaders(route)]),
    ...(Object.keys(content).length > 0 ? { content } : {}),
  };
}

function exampleRefs(codes: readonly ErrorCode[]): Json {
  return Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]));
}

// Only who sends a key that is asked for is counted.
function limitHeaders({ access }: ApiRoute): readonly ReplyHeader[] {
  return access === 'key' ? RATE_LIMIT_HEADERS : [];
}

/** OpenAPI 3.1 has no schema for the events of a stream: it is named beside. */
function eventContent({ data, example }: NonNullable<Reply['events']>): Json {
  return {
    schema: { type: 'string', description: `Server-sent events whose data is ${data}.` },
    'x-event-data': { $ref: refOf(data) },
    ...(example === undefined ? {} : { example }),
  };
}

/** A reply that has a status in common with errors: either of the bodies. */
function merged(reply: Json, errors: Json): Json {
  const schema = { anyOf: [schemaOf(reply), schemaOf(errors)] };
  return {
    ...errors,
    ...reply,
    description: `${reply.description}\n\n${errors.description}`,
    content: { 'application/json': { schema } },
  };
}

function schemaOf(response: Json): unknown {
  const content = z.record(z.string(), z.object({ schema: z.unknown() })).parse(response.content);
  return content['application/json']?.schema;
}

function headers(names: readonly ReplyHeader[]): Json {
  const described = names.map((name) => [name, REPLY_HEADERS[name]] as const);
  const all = [['x-request-id', "The request's id: yours, if it was a plain one."] as const, ...described];
  return Object.fromEntries(all.map(([name, description]) => [name, { description, schema: { type: 'string' } }]));
}
