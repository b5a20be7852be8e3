import type { ImageTaskRequest } from '@grok2api/contracts';
import type { Request, Response } from 'express';
import { type AcceptDependencies, acceptTask, type WantedTask } from './accept-task.js';

/** Accepts an image task. @returns its id @throws ApiError what `acceptTask` throws */
export function acceptImageTask(
  { params, ...request }: ImageTaskRequest,
  answer: WantedTask['answer'],
  req: Request,
  res: Response,
  dependencies: AcceptDependencies,
): Promise<string> {
  const prepare = async () => ({ kind: 'image' as const, params });
  return acceptTask({ kind: 'image', ...request, prepare, answer }, req, res, dependencies);
}
