import { healthReplySchema } from '@grok2api/contracts';
import { useQuery } from '@tanstack/react-query';

const LOOK_MS = 5_000;

/** Which parts of the system answer; also while some do not. */
export function useHealth() {
  return useQuery({
    queryKey: ['health'],
    queryFn: async ({ signal }) => healthReplySchema.parse(await (await fetch('/health', { signal })).json()),
    refetchInterval: LOOK_MS,
  });
}
