import { callbackDetailsReplySchema, callbackListReplySchema } from '@grok2api/contracts';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { z } from 'zod';
import { ask, withQuery } from './request.js';

const PATH = '/admin/api/callbacks';
const LOOK_MS = 5_000;

/** A callback with its attempts. */
export type CallbackDetails = z.infer<typeof callbackDetailsReplySchema>;

/** The callbacks of a task, with their attempts, kept up to date. */
export function useCallbacksOf(taskId: string, enabled: boolean) {
  return useQuery({
    queryKey: ['callbacks', taskId],
    queryFn: async ({ signal }) => {
      const { data } = await ask(callbackListReplySchema, withQuery(PATH, { task: taskId }), { signal });
      return Promise.all(data.map(({ id }) => ask(callbackDetailsReplySchema, `${PATH}/${id}`, { signal })));
    },
    enabled,
    refetchInterval: LOOK_MS,
  });
}

/** Sends a callback again. */
export function useSendAgain(taskId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => ask(callbackDetailsReplySchema, `${PATH}/${id}/send`, { method: 'POST' }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['callbacks', taskId] }),
  });
}
