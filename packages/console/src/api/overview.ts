import { overviewReplySchema } from '@grok2api/contracts';
import { useQuery } from '@tanstack/react-query';
import { ask } from './request.js';

const LOOK_MS = 5_000;

/** Every process, and the last hour in numbers; for administrators. */
export function useOverview() {
  return useQuery({
    queryKey: ['overview'],
    queryFn: ({ signal }) => ask(overviewReplySchema, '/admin/api/overview', { signal }),
    refetchInterval: LOOK_MS,
  });
}
