import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { createParser } from 'eventsource-parser';
import { z } from 'zod';
import { API_ROUTES, type ApiRoute, openApiDocument } from '../../../packages/contracts/src/index.js';

/** The document, in which nothing is allowed in replies that is not described. */
export const DOCUMENT = openApiDocument({ closed: true });

const ajv = new Ajv2020({ strict: false, allErrors: false });
addFormats.default(ajv);
ajv.addSchema(DOCUMENT, 'api');
/** By the pointer of the schema: each is compiled once. */
const validators = new Map<string, ValidateFunction>();

const exampleSchema = z.object({ value: z.unknown() });
/** Those of errors are said once. */
const ERROR_EXAMPLES = z
  .record(z.string(), exampleSchema)
  .parse(z.object({ examples: z.unknown() }).parse(DOCUMENT.components).examples);
const exampleRefSchema = z
  .object({ $ref: z.templateLiteral(['#/components/examples/', z.string()]) })
  .transform(({ $ref }, context) => {
    const example = ERROR_EXAMPLES[$ref.slice('#/components/examples/'.length)];
    if (example) return example;
    context.addIssue(`there is no ${$ref}`);
    return z.NEVER;
  });
const contentSchema = z.object({
  examples: z.record(z.string(), z.union([exampleRefSchema, exampleSchema])).optional(),
});
const responseSchema = z.object({
  content: z.record(z.string(), contentSchema).optional(),
  'x-error-codes': z.array(z.string()).optional(),
});
const operationSchema = z.object({
  operationId: z.string(),
  requestBody: z.object({ content: z.record(z.string(), contentSchema) }).optional(),
  responses: z.record(z.string(), responseSchema),
});
type Operation = z.infer<typeof operationSchema>;

const paths = z.record(z.string(), z.record(z.string(), operationSchema)).parse(DOCUMENT.paths);

/** A route's operation in the document. */
export function operationOf({ method, path }: Pick<ApiRoute, 'method' | 'path'>): Operation {
  const operation = paths[path]?.[method];
  if (!operation) throw new Error(`the document has no ${method} ${path}`);
  return operation;
}

/** A route of the table, by its operation's id. */
export function routeNamed(operationId: string): ApiRoute {
  const route = API_ROUTES.find((each) => each.operationId === operationId);
  if (!route) throw new Error(`there is no operation ${operationId}`);
  return route;
}

/** The faults of a value by a schema of the document, named by its place: `components`, `schemas`, `Task`. */
export function faultsOf(value: unknown, ...place: string[]): string[] {
  const pointer = place.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  const validate = validators.get(pointer) ?? ajv.compile({ $ref: `api#${pointer}` });
  validators.set(pointer, validate);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** The place of a body's schema in the document. */
export function replyPlace({ method, path }: ApiRoute, status: number, type: string, key = 'schema'): string[] {
  return ['paths', path, method, 'responses', String(status), 'content', type, key];
}

/** The data of the events in a text, parsed; `[DONE]` left out. */
export function eventData(text: string): unknown[] {
  const data: string[] = [];
  const parser = createParser({ onEvent: (event) => data.push(event.data) });
  parser.feed(text);
  return data.filter((each) => each !== '[DONE]').map((each) => JSON.parse(each));
}

/** What is wrong with a reply by the document; nothing, if it is as described. Reads it to its end. */
export async function replyFaults(route: ApiRoute, answer: Response): Promise<string[]> {
  const { status, headers } = answer;
  const text = await answer.text();
  const described = operationOf(route).responses[status];
  const faults = headers.get('x-request-id') ? [] : ['it has no x-request-id'];
  if (!described) return [...faults, `the status ${status} is not described: ${text.slice(0, 300)}`];
  const type = headers.get('content-type')?.split(';')[0]?.trim();
  if (type === undefined) return text === '' ? faults : [...faults, 'it has no content type'];
  if (!described.content?.[type]) return [...faults, `the content type ${type} is not described`];
  // Files and metrics are not looked into.
  if (type === 'text/event-stream') {
    return [
      ...faults,
      ...eventData(text).flatMap((data) => faultsOf(data, ...replyPlace(route, status, type, 'x-event-data'))),
    ];
  }
  if (type !== 'application/json' || route.operationId === 'getOpenApi') return faults;
  const body: unknown = JSON.parse(text);
  return [...faults, ...faultsOf(body, ...replyPlace(route, status, type)), ...codeFaults(body, described)];
}

const errorSchema = z.object({ error: z.object({ code: z.string(), param: z.unknown(), type: z.string() }) });

/** An error's code has to be one of those that its status is described with. */
function codeFaults(body: unknown, described: z.infer<typeof responseSchema>): string[] {
  const error = errorSchema.safeParse(body).data?.error;
  const codes = described['x-error-codes'] ?? [];
  if (error === undefined || codes.length === 0 || codes.includes(error.code)) return [];
  return error.code === 'task_not_finished' ? [] : [`the code ${error.code} is not described: ${JSON.stringify(body)}`];
}
