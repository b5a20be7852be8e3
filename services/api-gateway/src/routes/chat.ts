import { parseModelName } from '@grok2api/contracts';
import { type RequestHandler, Router } from 'express';
import { createImageChat, type ImageChatDependencies } from '../image-chat.js';
import { methodNotAllowed } from '../middleware/errors.js';
import { createTextChat, type TextChatDependencies } from '../text-chat.js';
import { createVideoChat, type VideoChatDependencies } from '../video-chat.js';

export interface ChatRoutesDependencies extends TextChatDependencies, ImageChatDependencies, VideoChatDependencies {
  /** Middleware that parses a JSON body. */
  json: RequestHandler[];
  requireKey: RequestHandler;
}

/** `POST /chat/completions`: what makes the answer depends on what the model makes. */
export function chatRoutes(dependencies: ChatRoutesDependencies): Router {
  const { models, json, requireKey } = dependencies;
  const answerText = createTextChat(dependencies);
  const answerImage = createImageChat(dependencies);
  const answerVideo = createVideoChat(dependencies);
  const router = Router();
  router
    .route('/chat/completions')
    .post(requireKey, ...json, async (req, res) => {
      const model = models.find(parseModelName(req.body));
      switch (model.kind) {
        case 'chat':
          return answerText(model, req, res);
        case 'image':
          return answerImage(req, res);
        case 'video':
          return answerVideo(req, res);
      }
    })
    .all(methodNotAllowed('POST'));
  return router;
}
