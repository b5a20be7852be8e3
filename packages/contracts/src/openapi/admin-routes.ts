import { z } from 'zod';
import { adminPageSchema, listCredentialsSchema } from '../api/admin.js';
import { listCallbacksSchema } from '../api/callbacks.js';
import { adminUsageQueryParametersSchema } from '../api/usage.js';
import type { ApiRoute } from './route.js';

const credentials = { tag: 'Credentials', access: 'admin' } as const;
const credential = { description: 'The credential.', json: { schemas: ['Credential'] } } as const;
const oneCredential = {
  ...credentials,
  params: z.object({ id: z.string() }),
  replies: { 200: credential },
  errors: ['credential_not_found'],
} as const;

const keys = { tag: 'Client keys', access: 'admin' } as const;
const key = { description: 'The key.', json: { schemas: ['ClientKey'] } } as const;
const oneKey = {
  ...keys,
  params: z.object({ id: z.string() }),
  replies: { 200: key },
  errors: ['client_key_not_found'],
} as const;

const callbacks = { tag: 'Callbacks', access: 'admin' } as const;
const callback = {
  description: 'The callback, with its latest attempts and what is posted.',
  json: { schemas: ['CallbackDetails'] },
} as const;
const oneCallback = { ...callbacks, params: z.object({ id: z.string() }), errors: ['callback_not_found'] } as const;

/** What whoever has the administrator's key can do. None of it takes an Idempotency-Key: replies may tell of secrets. */
export const ADMIN_ROUTES: readonly ApiRoute[] = [
  {
    ...credentials,
    method: 'get',
    path: '/admin/api/credentials',
    operationId: 'listCredentials',
    summary: "Lists the upstream's keys",
    query: listCredentialsSchema,
    replies: { 200: { description: 'A page of them.', json: { schemas: ['CredentialList'] } } },
  },
  {
    ...credentials,
    method: 'post',
    path: '/admin/api/credentials',
    operationId: 'createCredential',
    summary: 'Adds a key of the upstream',
    body: { json: { schemas: ['CreateCredential'] } },
    replies: { 201: credential },
    errors: ['duplicate_credential'],
  },
  {
    ...credentials,
    method: 'post',
    path: '/admin/api/credentials/import',
    operationId: 'importCredentials',
    summary: 'Adds many, and reports on each',
    body: {
      json: { schemas: ['ImportCredentials'] },
      text: {
        'text/csv': 'The first line names the columns, `secret` among them.',
        'text/plain': 'A secret a line; blank lines and those that begin with `#` are passed over.',
      },
    },
    replies: { 200: { description: 'What became of each.', json: { schemas: ['CredentialImport'] } } },
    errors: ['invalid_csv'],
  },
  {
    ...oneCredential,
    method: 'patch',
    path: '/admin/api/credentials/{id}',
    operationId: 'updateCredential',
    summary: 'Changes a credential',
    body: { json: { schemas: ['UpdateCredential'] } },
  },
  {
    ...oneCredential,
    method: 'delete',
    path: '/admin/api/credentials/{id}',
    operationId: 'deleteCredential',
    summary: 'Uses a credential for nothing new any more',
  },
  {
    ...oneCredential,
    method: 'post',
    path: '/admin/api/credentials/{id}/enable',
    operationId: 'enableCredential',
    summary: 'Uses a credential again',
  },
  {
    ...oneCredential,
    method: 'post',
    path: '/admin/api/credentials/{id}/disable',
    operationId: 'disableCredential',
    summary: 'Lets a credential rest',
  },
  {
    ...oneCredential,
    method: 'post',
    path: '/admin/api/credentials/{id}/clear-cooling',
    operationId: 'clearCredentialCooling',
    summary: "Ends the rest of a credential's models",
  },
  {
    ...oneCredential,
    method: 'post',
    path: '/admin/api/credentials/{id}/test',
    operationId: 'testCredential',
    summary: 'Asks the upstream whether a credential works',
    replies: { 200: { description: 'What it says.', json: { schemas: ['CredentialTest'] } } },
  },
  {
    ...keys,
    method: 'get',
    path: '/admin/api/client-keys',
    operationId: 'listClientKeys',
    summary: 'Lists the keys that clients send',
    query: adminPageSchema,
    replies: { 200: { description: 'A page of them.', json: { schemas: ['ClientKeyList'] } } },
  },
  {
    ...keys,
    method: 'post',
    path: '/admin/api/client-keys',
    operationId: 'createClientKey',
    summary: 'Makes a client key',
    body: { json: { schemas: ['CreateClientKey'] } },
    replies: { 201: { description: 'The key, with its secret.', json: { schemas: ['ClientKeyCreated'] } } },
  },
  {
    ...oneKey,
    method: 'patch',
    path: '/admin/api/client-keys/{id}',
    operationId: 'updateClientKey',
    summary: 'Changes the name or the limits of a client key',
    body: { json: { schemas: ['UpdateClientKey'] } },
  },
  {
    ...oneKey,
    method: 'delete',
    path: '/admin/api/client-keys/{id}',
    operationId: 'deleteClientKey',
    summary: 'Ends a client key for good',
  },
  {
    ...oneKey,
    method: 'post',
    path: '/admin/api/client-keys/{id}/revoke',
    operationId: 'revokeClientKey',
    summary: 'Ends a client key for good',
  },
  {
    ...oneKey,
    method: 'post',
    path: '/admin/api/client-keys/{id}/webhook-secret',
    operationId: 'renewWebhookSecret',
    summary: 'Gives a client key a new secret that callbacks of its tasks are signed with',
    replies: { 200: { description: 'The key, with the secret.', json: { schemas: ['WebhookSecret'] } } },
  },
  {
    ...callbacks,
    method: 'get',
    path: '/admin/api/callbacks',
    operationId: 'listCallbacks',
    summary: 'Lists what is told of the ends of tasks',
    query: listCallbacksSchema,
    replies: { 200: { description: 'A page of them.', json: { schemas: ['CallbackList'] } } },
  },
  {
    ...oneCallback,
    method: 'get',
    path: '/admin/api/callbacks/{id}',
    operationId: 'getCallback',
    summary: 'Shows a callback with its attempts',
    replies: { 200: callback },
  },
  {
    ...oneCallback,
    method: 'post',
    path: '/admin/api/callbacks/{id}/send',
    operationId: 'sendCallbackAgain',
    summary: 'Sends a callback again',
    replies: { 202: callback },
  },
  {
    tag: 'Server',
    access: 'admin',
    method: 'get',
    path: '/admin/api/overview',
    operationId: 'getOverview',
    summary: 'Every process, and the last hour in numbers',
    description: 'As the gateway that is asked has seen them; there is no hour before it was started.',
    replies: { 200: { description: 'What it saw.', json: { schemas: ['Overview'] } } },
  },
  {
    tag: 'Usage',
    access: 'admin',
    method: 'get',
    path: '/admin/api/usage',
    operationId: 'getAllUsage',
    summary: 'What was used, by day, model, credential and client key',
    query: adminUsageQueryParametersSchema,
    replies: { 200: { description: 'The counts.', json: { schemas: ['AdminUsage'] } } },
  },
];
