import type { Bus } from '@grok2api/bus';
import { ApiError, newTaskId, type RandomHex, type VideoTaskRequest } from '@grok2api/contracts';
import { checkPublicUrl } from '@grok2api/safe-fetch';
import type { TaskStore } from '@grok2api/task-store';
import type { Request } from 'express';
import { createTask } from './create-task.js';
import { type FirstFrameDependencies, resolveFirstFrame } from './first-frame.js';
import type { PendingLimit } from './pending-limit.js';

export interface AcceptDependencies extends FirstFrameDependencies {
  tasks: TaskStore['tasks'];
  bus: Bus;
  randomHex: RandomHex;
  pendingLimit: PendingLimit;
  now: () => number;
}

/**
 * Accepts a video task, whichever route it came by.
 * @returns its id @throws ApiError for an address that cannot be used, or `too_many_pending_tasks` or `service_unavailable`
 */
export async function acceptVideoTask(
  { model, prompt, params, imageUrl, callbackUrl }: VideoTaskRequest,
  req: Request,
  owner: string,
  dependencies: AcceptDependencies,
): Promise<string> {
  const { urls, randomHex, tasks, bus, now, fetchAllow, pendingLimit } = dependencies;
  if (callbackUrl !== undefined) {
    const checked = checkPublicUrl(callbackUrl, { allow: fetchAllow });
    if (!checked.ok) {
      throw new ApiError('invalid_callback_url', { param: 'callback_url', values: { reason: checked.message } });
    }
  }
  await pendingLimit.admit('video', owner);
  const image = imageUrl === undefined ? undefined : await resolveFirstFrame(imageUrl, req, dependencies);
  const id = newTaskId(randomHex);
  const task = {
    id,
    kind: 'video' as const,
    owner,
    model: model.id,
    upstreamModel: model.upstream,
    prompt,
    params: image ? { ...params, image } : params,
    origin: urls.originOf(req),
    callbackUrl,
  };
  await createTask(tasks, bus, task, now);
  return id;
}
