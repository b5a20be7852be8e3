import { parseModelName } from '@grok2api/contracts';
import { type RequestHandler, Router } from 'express';
import { methodNotAllowed } from '../middleware/errors.js';
import { createTextChat, type TextChatDependencies } from '../text-chat.js';
import { createVideoChat, type VideoChatDependencies } from '../video-chat.js';

export interface ChatRoutesDependencies extends TextChatDependencies, VideoChatDependencies {
  /** Middleware that parses a JSON body. */
  json: RequestHandler[];
  requireKey: RequestHandler;
}

/** `POST /chat/completions`: what makes the answer depends on what the model makes. */
export function chatRoutes(dependencies: ChatRoutesDependencies): Router {
  const { models, json, requireKey } = dependencies;
  const answerText = createTextChat(dependencies);
  const answerVideo = createVideoChat(dependencies);
  const router = Router();
  router
    .route('/chat/completions')
    .post(requireKey, ...json, async (req, res) => {
      const model = models.find(parseModelName(req.body));
      if (model.kind === 'chat') await answerText(model, req, res);
      else await answerVideo(req, res);
    })
    .all(methodNotAllowed('POST'));
  return router;
}
