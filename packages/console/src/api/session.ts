import { consoleSessionReplySchema } from '@grok2api/contracts';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { z } from 'zod';
import { ask, send } from './request.js';

const PATH = '/console/api/session';
/** Each look makes the session longer. */
const LOOK_MS = 5 * 60_000;

export const SESSION_KEY = ['session'] as const;

/** What this browser may see. */
export type Session = z.infer<typeof consoleSessionReplySchema>;

/** Whether it may do what clients do. */
export function mayAct(session: Session): boolean {
  return session.open || session.client !== null;
}

export function useSession() {
  return useQuery({
    queryKey: SESSION_KEY,
    queryFn: ({ signal }) => ask(consoleSessionReplySchema, PATH, { signal }),
    refetchInterval: LOOK_MS,
    refetchIntervalInBackground: false,
  });
}

/** Signs in with one more key. */
export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (key: string) => ask(consoleSessionReplySchema, PATH, { method: 'POST', json: { key } }),
    onSuccess: (session) => {
      client.setQueryData(SESSION_KEY, session);
      // What somebody else saw is not shown to whoever signs in.
      return client.resetQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION_KEY[0] });
    },
  });
}

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => send(PATH, { method: 'DELETE' }),
    onSuccess: () => client.resetQueries(),
  });
}
