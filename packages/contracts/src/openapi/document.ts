import { z } from 'zod';
import { errorExamples } from './errors.js';
import { TASK_EXAMPLES } from './examples/tasks.js';
import { type Json, operation, refOf } from './operation.js';
import { API_ROUTES } from './routes.js';
import { REPLY_SCHEMAS, REQUEST_SCHEMAS } from './schemas.js';

/** Of the published documents that the API follows. */
const VERSION = '1.5.0';

export interface OpenApiOptions {
  /**
   * Whether bodies of replies that have a property which is not described count as wrong. For tests: clients are told
   * that there may be more some day.
   */
  closed?: boolean;
}

const DESCRIPTION = `An HTTP API in the manner of OpenAI's in front of Grok. Every route answers with and without the prefix \`/v1\`.
Where client keys are configured every route wants one, as far as it says so here, and none takes a wrong one; a server without keys wants none.
Texts for people are Chinese, with \`Accept-Language: en\` English. Unknown fields of JSON bodies are ignored.`;

const CALLBACK_DESCRIPTION =
  'Signed as Standard Webhooks says, with the secret of the client key or that of the server. `webhook-id` is the same on every attempt.';

/** The OpenAPI 3.1 document of the API, made of the schemas that requests are parsed with. */
export function openApiDocument({ closed = false }: OpenApiOptions = {}): Json {
  const paths: Record<string, Json> = {};
  for (const route of API_ROUTES) paths[route.path] = { ...paths[route.path], [route.method]: operation(route) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Grok2API',
      version: VERSION,
      description: DESCRIPTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(API_ROUTES.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    webhooks: { taskEnded: { post: TASK_ENDED } },
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A client key.' },
        apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'A client key.' },
        adminKey: { type: 'http', scheme: 'bearer', description: "The administrator's key." },
      },
      examples: errorExamples(),
      schemas: { ...components(REQUEST_SCHEMAS, 'input', false), ...components(REPLY_SCHEMAS, 'output', closed) },
    },
  };
}

/** What this server sends to the `callback_url` of a task. */
const TASK_ENDED = {
  operationId: 'taskEnded',
  summary: 'A task with a `callback_url` has ended',
  description: CALLBACK_DESCRIPTION,
  parameters: ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => ({
    name,
    in: 'header',
    required: true,
    schema: { type: 'string' },
  })),
  requestBody: {
    required: true,
    content: {
      'application/json': { schema: { $ref: refOf('TaskCallback') }, examples: TASK_EXAMPLES.callbacks },
    },
  },
  responses: {
    '2XX': { description: 'It is delivered.' },
    410: { description: 'Nobody wants it any more: it is not sent again.' },
    default: { description: 'It is sent again later, up to 24 hours after the end.' },
  },
};

function components(schemas: Record<string, z.ZodType>, io: 'input' | 'output', closed: boolean): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const made = z.toJSONSchema(registry, {
    io,
    uri: refOf,
    override: ({ jsonSchema }) => {
      if (!closed && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      // They say what the format and the type say already, at length.
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return Object.fromEntries(Object.entries(made.schemas).map(([id, schema]) => [id, withoutHead(schema)]));
}

// Inside of a document a schema has neither a dialect nor an address of its own.
function withoutHead({ $schema: _dialect, $id: _address, ...schema }: Json): Json {
  return schema;
}
