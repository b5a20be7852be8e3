import type { ImageTaskRequest } from '@grok2api/contracts';
import type { Request } from 'express';
import { type AcceptDependencies, acceptTask } from './accept-task.js';

/** Accepts an image task. @returns its id @throws ApiError what `acceptTask` throws */
export function acceptImageTask(
  { params, ...request }: ImageTaskRequest,
  req: Request,
  owner: string,
  dependencies: AcceptDependencies,
): Promise<string> {
  const prepare = async () => ({ kind: 'image' as const, params });
  return acceptTask({ kind: 'image', ...request, prepare }, req, owner, dependencies);
}
