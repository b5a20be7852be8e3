import {
  credentialImportReplySchema,
  credentialListReplySchema,
  credentialReplySchema,
  credentialTestReplySchema,
} from '@grok2api/contracts';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import type { z } from 'zod';
import { ask, withQuery } from './request.js';

const PATH = '/admin/api/credentials';
const PAGE = 100;
const LOOK_MS = 3_000;
const KEY = ['credentials'] as const;

/** A key of the upstream, as its administrator sees it. */
export type Credential = z.infer<typeof credentialReplySchema>;
/** What became of an import. */
export type ImportReport = z.infer<typeof credentialImportReplySchema>;

/** What is set of a credential; null ends a proxy or a budget. */
export interface CredentialFields {
  label?: string;
  base_url?: string;
  proxy_url?: string | null;
  priority?: number;
  max_concurrency?: number;
  requests_per_second?: number;
  monthly_budget_usd?: number | null;
}

/** Which credentials are listed. */
export interface CredentialFilter {
  state: string | undefined;
  search: string;
}

/** The credentials, page after page, kept up to date. */
export function useCredentials({ state, search }: CredentialFilter) {
  return useInfiniteQuery({
    queryKey: [...KEY, state, search],
    queryFn: ({ pageParam: cursor, signal }) =>
      ask(credentialListReplySchema, withQuery(PATH, { state, search, limit: PAGE, cursor }), { signal }),
    initialPageParam: '',
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: LOOK_MS,
  });
}

/** What an administrator does with credentials; the list is read again after each. */
export function useCredentialChanges() {
  const client = useQueryClient();
  const onSuccess = () => client.invalidateQueries({ queryKey: KEY });
  const post = (id: string, action: string) =>
    ask(credentialReplySchema, `${PATH}/${id}/${action}`, { method: 'POST' });
  return {
    add: useMutation({
      mutationFn: (fields: CredentialFields & { secret: string }) =>
        ask(credentialReplySchema, PATH, { method: 'POST', json: fields }),
      onSuccess,
    }),
    update: useMutation({
      mutationFn: ({ id, fields }: { id: string; fields: CredentialFields }) =>
        ask(credentialReplySchema, `${PATH}/${id}`, { method: 'PATCH', json: fields }),
      onSuccess,
    }),
    remove: useMutation({
      mutationFn: (id: string) => ask(credentialReplySchema, `${PATH}/${id}`, { method: 'DELETE' }),
      onSuccess,
    }),
    act: useMutation({
      mutationFn: ({ id, action }: { id: string; action: 'enable' | 'disable' | 'clear-cooling' }) => post(id, action),
      onSuccess,
    }),
    test: useMutation({
      mutationFn: (id: string) => ask(credentialTestReplySchema, `${PATH}/${id}/test`, { method: 'POST' }),
      onSuccess,
    }),
    bringIn: useMutation({
      mutationFn: (text: { type: string; body: string }) =>
        ask(credentialImportReplySchema, `${PATH}/import`, { method: 'POST', text }),
      onSuccess,
    }),
  };
}
