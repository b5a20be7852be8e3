import { type MediaRequestLimits, type ModelCatalogue, parseCreateVideoTask } from '@grok2api/contracts';
import type { Request, Response } from 'express';
import { type AcceptVideoDependencies, acceptVideoTask } from '../accept-video-task.js';
import { type Answer, sendAnswer } from '../answer.js';

export interface CreateVideoTaskDependencies extends AcceptVideoDependencies {
  models: ModelCatalogue;
  limits: MediaRequestLimits;
}

/** Answers `POST /video/tasks`. */
export function createVideoTask(dependencies: CreateVideoTaskDependencies) {
  const { models, limits } = dependencies;
  return async (req: Request, res: Response): Promise<void> => {
    const request = parseCreateVideoTask(req.body, models, limits);
    const answer = (taskId: string): Answer => ({
      status: 200,
      headers: {},
      body: { status: 'success', task_id: taskId, message: res.locals.texts.taskSubmitted('video') },
    });
    sendAnswer(res, answer(await acceptVideoTask(request, answer, req, res, dependencies)));
  };
}
