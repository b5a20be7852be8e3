import type { TaskKind } from '@grok2api/contracts';
import { type Request, type RequestHandler, Router } from 'express';
import { answerInAsyncDialect, methodNotAllowed } from '../middleware/errors.js';
import type { PublicUrls } from '../public-url.js';
import { KIND_PATHS, taskUrl } from '../task-url.js';

export interface AsyncGenerationRoutesDependencies {
  kind: TaskKind;
  /** Accepts the task that a request asks for, and tells its id. */
  accept: (req: Request, owner: string) => Promise<string>;
  urls: PublicUrls;
  /** Middleware that parses a JSON body. */
  json: RequestHandler[];
  requireKey: RequestHandler;
}

/** `POST /video/generations/async` or `POST /images/generations/async`: makes a task in the async document's words. */
export function asyncGenerationRoutes(dependencies: AsyncGenerationRoutesDependencies): Router {
  const { kind, accept, urls, json, requireKey } = dependencies;
  const path = `${KIND_PATHS[kind]}/generations/async`;
  const router = Router();
  router
    .route(path)
    .post(requireKey, ...json, async (req, res) => {
      const taskId = await accept(req, res.locals.identity.owner);
      const resultUrl = `${taskUrl(urls.originOf(req), kind, taskId)}/result`;
      res
        .status(202)
        .set({ location: resultUrl, 'operation-location': resultUrl })
        .json({ code: 200, message: res.locals.texts.asyncTaskSubmitted, data: { taskId } });
    })
    .all(methodNotAllowed('POST'));
  router.use(path, answerInAsyncDialect);
  return router;
}
