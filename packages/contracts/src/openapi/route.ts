import type { z } from 'zod';
import type { ErrorCode } from '../error-catalogue.js';
import type { ReplySchema, RequestSchema } from './schemas.js';

export const METHODS = ['get', 'post', 'patch', 'delete'] as const;

/**
 * Who may use a route where client keys are configured: everybody, whoever has a key, who has a key or knows the id in
 * the path, or whoever has the key of the administrator.
 */
export type Access = 'public' | 'key' | 'capability' | 'admin';

export interface Example {
  summary: string;
  value: unknown;
}

/** A body in JSON. Of several schemas one has to fit. */
export interface JsonContent<Schema> {
  schemas: readonly Schema[];
  examples?: Readonly<Record<string, Example>>;
}

/** The fields and files of a `multipart/form-data` body. */
export interface FormContent {
  fields: z.ZodObject;
  files: Readonly<Record<string, { many: boolean; required: boolean }>>;
  examples?: Readonly<Record<string, Example>>;
}

/** A body that a client sends: JSON, or the fields and files of a form. */
export interface RequestBody {
  json?: JsonContent<RequestSchema>;
  form?: FormContent;
  /** Another content type, with what its text is. */
  text?: Readonly<Record<string, string>>;
}

export interface Reply {
  description: string;
  json?: JsonContent<ReplySchema>;
  /** Server-sent events: what their data is. */
  events?: { data: ReplySchema; example?: string };
  /** Other content types, with what they are. */
  other?: Readonly<Record<string, string>>;
  headers?: readonly ReplyHeader[];
}

export const REPLY_HEADERS = {
  location: 'Where the result will be.',
  'operation-location': 'The same, for clients that look for it here.',
  'x-task-id': 'The task that makes the video.',
  'idempotent-replayed': '`true` when it is the reply to an earlier request with the same Idempotency-Key.',
  'retry-after': 'Seconds until it may work.',
  'x-ratelimit-limit-requests': 'Requests a minute of the client key; where it has a limit.',
  'x-ratelimit-remaining-requests': 'How many more would be taken at the moment.',
  'x-ratelimit-reset-requests': 'Until all of them would be: `120ms`, `8.64s`, `1m0s`.',
  'x-should-retry': '`false` when a second request might be billed again.',
  allow: 'The methods that the path has.',
} as const;
export type ReplyHeader = keyof typeof REPLY_HEADERS;

/** On every reply to a client key whose requests a minute are limited. */
export const RATE_LIMIT_HEADERS = [
  'x-ratelimit-limit-requests',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-reset-requests',
] as const satisfies readonly ReplyHeader[];

/** A route of the HTTP API: what is sent, what comes back, and what can go wrong. */
export interface ApiRoute {
  method: (typeof METHODS)[number];
  /** With `{name}` for what varies. One that begins with `/v1` answers without it too, and so the other way round. */
  path: string;
  operationId: string;
  tag: string;
  access: Access;
  summary: string;
  description?: string;
  /** What varies in the path. */
  params?: z.ZodObject;
  query?: z.ZodObject;
  /** Other headers that count, with what they do. */
  headers?: Readonly<Record<string, string>>;
  body?: RequestBody;
  /** Whether it takes an Idempotency-Key. */
  keyed?: boolean;
  /** Whether the address that its body names as `callback_url` is told of the end of the task. */
  callback?: boolean;
  /** Whether errors have the statuses of the async document: 422 for a wrong shape. */
  asyncDialect?: boolean;
  /** By their status. */
  replies: Readonly<Record<number, Reply>>;
  /** Besides those that every such route has. */
  errors?: readonly ErrorCode[];
}
