import { type ModelCatalogue, parseCreateVideoGeneration, type MediaRequestLimits } from '@grok2api/contracts';
import { type RequestHandler, Router } from 'express';
import { type AcceptDependencies, acceptVideoTask } from '../accept-video-task.js';
import { answerInAsyncDialect, methodNotAllowed } from '../middleware/errors.js';

export interface VideoGenerationRoutesDependencies extends AcceptDependencies {
  models: ModelCatalogue;
  limits: MediaRequestLimits;
  /** Middleware that parses a JSON body. */
  json: RequestHandler[];
  requireKey: RequestHandler;
}

const PATH = '/video/generations/async';

/** `POST /video/generations/async`: makes the same video task in the async document's words. */
export function videoGenerationRoutes(dependencies: VideoGenerationRoutesDependencies): Router {
  const { urls, models, limits, json, requireKey } = dependencies;
  const router = Router();
  router
    .route(PATH)
    .post(requireKey, ...json, async (req, res) => {
      const request = parseCreateVideoGeneration(req.body, models, limits);
      const taskId = await acceptVideoTask(request, req, res.locals.identity.owner, dependencies);
      const resultUrl = `${urls.originOf(req)}/v1/video/tasks/${taskId}/result`;
      res
        .status(202)
        .set({ location: resultUrl, 'operation-location': resultUrl })
        .json({ code: 200, message: res.locals.texts.asyncTaskSubmitted, data: { taskId } });
    })
    .all(methodNotAllowed('POST'));
  router.use(PATH, answerInAsyncDialect);
  return router;
}
