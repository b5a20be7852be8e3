import { type CallbackState, callbackDetailsReplySchema, callbackListReplySchema } from '@grok2api/contracts';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { z } from 'zod';
import { ask, withQuery } from './request.js';

const PATH = '/admin/api/callbacks';
const PAGE = 100;
const LOOK_MS = 5_000;
const KEY = ['callbacks'] as const;

/** A callback, as a list shows it. */
export type Callback = z.infer<typeof callbackListReplySchema>['data'][number];
/** A callback with its attempts. */
export type CallbackDetails = z.infer<typeof callbackDetailsReplySchema>;

const detailsOf = (id: string, signal: AbortSignal) => ask(callbackDetailsReplySchema, `${PATH}/${id}`, { signal });

/** The callbacks, the latest first, page after page, kept up to date. */
export function useCallbacks(state: CallbackState | undefined) {
  return useInfiniteQuery({
    queryKey: [...KEY, 'list', state],
    queryFn: ({ pageParam: cursor, signal }) =>
      ask(callbackListReplySchema, withQuery(PATH, { state, limit: PAGE, cursor }), { signal }),
    initialPageParam: '',
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: LOOK_MS,
  });
}

/** One callback with its attempts, kept up to date. */
export function useOneCallback(id: string) {
  return useQuery({
    queryKey: [...KEY, 'one', id],
    queryFn: ({ signal }) => detailsOf(id, signal),
    refetchInterval: LOOK_MS,
  });
}

/** The callbacks of a task, with their attempts, kept up to date. */
export function useCallbacksOf(taskId: string, enabled: boolean) {
  return useQuery({
    queryKey: [...KEY, 'task', taskId],
    queryFn: async ({ signal }) => {
      const { data } = await ask(callbackListReplySchema, withQuery(PATH, { task: taskId }), { signal });
      return Promise.all(data.map(({ id }) => detailsOf(id, signal)));
    },
    enabled,
    refetchInterval: LOOK_MS,
  });
}

/** Sends a callback again. */
export function useSendAgain() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => ask(callbackDetailsReplySchema, `${PATH}/${id}/send`, { method: 'POST' }),
    onSuccess: () => client.invalidateQueries({ queryKey: KEY }),
  });
}
