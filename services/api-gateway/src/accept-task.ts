import type { Bus } from '@grok2api/bus';
import { ApiError, type Model, newTaskId, type RandomHex, type TaskKind, type TaskWork } from '@grok2api/contracts';
import { checkPublicUrl } from '@grok2api/safe-fetch';
import type { TaskStore } from '@grok2api/task-store';
import type { Request } from 'express';
import { createTask } from './create-task.js';
import type { PendingLimit } from './pending-limit.js';
import type { PublicUrls } from './public-url.js';

export interface AcceptDependencies {
  tasks: TaskStore['tasks'];
  bus: Bus;
  urls: PublicUrls;
  randomHex: RandomHex;
  pendingLimit: PendingLimit;
  /** CIDRs of private addresses that may be called all the same. */
  fetchAllow: readonly string[];
  now: () => number;
}

/** A task that somebody asks for. Its address is as the client gave it. */
export interface WantedTask {
  kind: TaskKind;
  model: Model;
  prompt: string;
  callbackUrl: string | undefined;
  /** Finds out what is to be made; asked only when the task may be accepted. */
  prepare: () => Promise<TaskWork>;
}

/**
 * Accepts a task, whichever route it came by.
 * @returns its id @throws ApiError for an address that cannot be used, or `too_many_pending_tasks` or `service_unavailable`
 */
export async function acceptTask(
  { kind, model, prompt, callbackUrl, prepare }: WantedTask,
  req: Request,
  owner: string,
  { urls, randomHex, tasks, bus, now, fetchAllow, pendingLimit }: AcceptDependencies,
): Promise<string> {
  if (callbackUrl !== undefined) {
    const checked = checkPublicUrl(callbackUrl, { allow: fetchAllow });
    if (!checked.ok) {
      throw new ApiError('invalid_callback_url', { param: 'callback_url', values: { reason: checked.message } });
    }
  }
  await pendingLimit.admit(kind, owner);
  const work = await prepare();
  const id = newTaskId(randomHex);
  const origin = urls.originOf(req);
  const task = { ...work, id, owner, model: model.id, upstreamModel: model.upstream, prompt, origin, callbackUrl };
  await createTask(tasks, bus, task, now);
  return id;
}
