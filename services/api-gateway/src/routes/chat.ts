import { parseModelName } from '@grok2api/contracts';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { KeyedRequests } from '../idempotency/keyed-requests.js';
import { createImageChat, type ImageChatDependencies } from '../image-chat.js';
import { createTextChat, type TextChatDependencies } from '../text-chat.js';
import { createVideoChat, type VideoChatDependencies } from '../video-chat.js';

export interface ChatRoutesDependencies extends TextChatDependencies, ImageChatDependencies, VideoChatDependencies {
  keyed: KeyedRequests;
  /** Middleware that parses a JSON body. */
  json: RequestHandler[];
  requireKey: RequestHandler;
}

/** `POST /chat/completions`: what makes the answer depends on what the model makes. */
export function chatRoutes(dependencies: ChatRoutesDependencies): Router {
  const { models, keyed, json, requireKey } = dependencies;
  const answerText = createTextChat(dependencies);
  const answerImage = createImageChat(dependencies);
  const answerVideo = createVideoChat(dependencies);
  const modelOf = (req: Request) => models.find(parseModelName(req.body));
  const answer = async (req: Request, res: Response): Promise<void> => {
    const model = modelOf(req);
    switch (model.kind) {
      case 'chat':
        return answerText(model, req, res);
      case 'image':
        return answerImage(req, res);
      case 'video':
        return answerVideo(req, res);
    }
  };
  const router = Router();
  router.route('/chat/completions').post(
    requireKey,
    ...json,
    keyed.once(answer, (req) => modelOf(req).kind === 'image'),
  );
  return router;
}
