import { type MediaRequestLimits, type ModelCatalogue, parseCreateVideoTask } from '@grok2api/contracts';
import type { RequestHandler } from 'express';
import { type AcceptVideoDependencies, acceptVideoTask } from '../accept-video-task.js';

export interface CreateVideoTaskDependencies extends AcceptVideoDependencies {
  models: ModelCatalogue;
  limits: MediaRequestLimits;
}

/** Answers `POST /video/tasks`. */
export function createVideoTask(dependencies: CreateVideoTaskDependencies): RequestHandler {
  const { models, limits } = dependencies;
  return async (req, res) => {
    const request = parseCreateVideoTask(req.body, models, limits);
    const taskId = await acceptVideoTask(request, req, res.locals.identity.owner, dependencies);
    res.json({ status: 'success', task_id: taskId, message: res.locals.texts.taskSubmitted('video') });
  };
}
