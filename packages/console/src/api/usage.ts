import { adminUsageReplySchema, usageReplySchema } from '@grok2api/contracts';
import { useQuery } from '@tanstack/react-query';
import type { z } from 'zod';
import { ask, withQuery } from './request.js';

const LOOK_MS = 30_000;

/** What was used, for one group. */
export type UsageCounts = z.infer<typeof adminUsageReplySchema>['data'][number];

/** What was used this month, by credential or by client key; for administrators. */
export function useUsageBy(group: 'credential' | 'key') {
  return useQuery({
    queryKey: ['usage', group],
    queryFn: ({ signal }) => ask(adminUsageReplySchema, withQuery('/admin/api/usage', { group_by: group }), { signal }),
    refetchInterval: LOOK_MS,
    select: ({ data }) => new Map(data.map((row) => [(group === 'key' ? row.key : row.credential_id) ?? '', row])),
  });
}

/** What was used on each day from one on: by all for administrators, else by whoever looks. */
export function useUsageByDay(isAdmin: boolean, from: string) {
  const path = isAdmin ? '/admin/api/usage' : '/v1/usage';
  return useQuery({
    queryKey: ['usage', 'day', isAdmin, from],
    queryFn: ({ signal }) =>
      ask(isAdmin ? adminUsageReplySchema : usageReplySchema, withQuery(path, { group_by: 'day', from }), { signal }),
    refetchInterval: LOOK_MS,
    select: ({ data }): UsageCounts[] => data,
  });
}
