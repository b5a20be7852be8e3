import type { TaskKind } from '@grok2api/contracts';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { WantedTask } from '../accept-task.js';
import { type Answer, sendAnswer } from '../answer.js';
import type { KeyedRequests } from '../idempotency/keyed-requests.js';
import { answerInAsyncDialect } from '../middleware/errors.js';
import type { PublicUrls } from '../public-url.js';
import { KIND_PATHS, taskUrl } from '../task-url.js';

export interface AsyncGenerationRoutesDependencies {
  kind: TaskKind;
  /** Accepts the task that a request asks for, and tells its id. */
  accept: (req: Request, res: Response, answer: WantedTask['answer']) => Promise<string>;
  keyed: KeyedRequests;
  urls: PublicUrls;
  /** Middleware that parses a JSON body. */
  json: RequestHandler[];
  requireKey: RequestHandler;
}

/** `POST /video/generations/async` or `POST /images/generations/async`: makes a task in the async document's words. */
export function asyncGenerationRoutes(dependencies: AsyncGenerationRoutesDependencies): Router {
  const { kind, accept, keyed, urls, json, requireKey } = dependencies;
  const path = `${KIND_PATHS[kind]}/generations/async`;
  const router = Router();
  const create = async (req: Request, res: Response): Promise<void> => {
    const answer = (taskId: string): Answer => {
      const resultUrl = `${taskUrl(urls.originOf(req), kind, taskId)}/result`;
      return {
        status: 202,
        headers: { location: resultUrl, 'operation-location': resultUrl },
        body: { code: 200, message: res.locals.texts.asyncTaskSubmitted, data: { taskId } },
      };
    };
    sendAnswer(res, answer(await accept(req, res, answer)));
  };
  router.route(path).post(requireKey, ...json, keyed.once(create));
  router.use(path, answerInAsyncDialect);
  return router;
}
