import { type ModelKind, modelListReplySchema } from '@grok2api/contracts';
import { useQuery } from '@tanstack/react-query';
import { ask } from './request.js';

/** The names of the models of a kind that this session may use. */
export function useModels(kind: ModelKind): string[] {
  const models = useQuery({
    queryKey: ['models'],
    queryFn: ({ signal }) => ask(modelListReplySchema, '/v1/models', { signal }),
    staleTime: 60_000,
  });
  return (models.data?.data ?? []).filter((model) => model.kind === kind).map(({ id }) => id);
}
