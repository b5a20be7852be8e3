import {
  clientKeyCreatedReplySchema,
  clientKeyListReplySchema,
  clientKeyReplySchema,
  webhookSecretReplySchema,
} from '@grok2api/contracts';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import type { z } from 'zod';
import { ask, withQuery } from './request.js';
import { SESSION_KEY } from './session.js';

const PATH = '/admin/api/client-keys';
const PAGE = 100;
const KEY = ['client-keys'] as const;

/** A client key, as its administrator sees it. */
export type ClientKey = z.infer<typeof clientKeyReplySchema>;

/** What is set of a client key; null is no limit. */
export interface ClientKeyFields {
  name: string;
  requests_per_minute: number | null;
  max_concurrency: number | null;
  models: string[] | null;
  monthly_budget_usd: number | null;
  expires_at: string | null;
}

/** The client keys, newest first, page after page. */
export function useClientKeys() {
  return useInfiniteQuery({
    queryKey: KEY,
    queryFn: ({ pageParam: cursor, signal }) =>
      ask(clientKeyListReplySchema, withQuery(PATH, { limit: PAGE, cursor }), { signal }),
    initialPageParam: '',
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
}

/** What an administrator does with client keys; the list is read again after each. */
export function useClientKeyChanges() {
  const client = useQueryClient();
  const onSuccess = () => client.invalidateQueries({ queryKey: KEY });
  return {
    create: useMutation({
      mutationFn: (fields: ClientKeyFields) => ask(clientKeyCreatedReplySchema, PATH, { method: 'POST', json: fields }),
      // The first key closes a server that was open.
      onSuccess: () => Promise.all([onSuccess(), client.invalidateQueries({ queryKey: SESSION_KEY })]),
    }),
    update: useMutation({
      mutationFn: ({ id, fields }: { id: string; fields: ClientKeyFields }) =>
        ask(clientKeyReplySchema, `${PATH}/${id}`, { method: 'PATCH', json: fields }),
      onSuccess,
    }),
    revoke: useMutation({
      mutationFn: (id: string) => ask(clientKeyReplySchema, `${PATH}/${id}/revoke`, { method: 'POST' }),
      onSuccess,
    }),
    renewWebhookSecret: useMutation({
      mutationFn: (id: string) => ask(webhookSecretReplySchema, `${PATH}/${id}/webhook-secret`, { method: 'POST' }),
      onSuccess,
    }),
  };
}
