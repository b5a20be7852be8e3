import type { Bus } from '@grok2api/bus';
import { completeChat, type Model, parseChatCompletion } from '@grok2api/contracts';
import type { MediaStore } from '@grok2api/media-store';
import type { Request, Response } from 'express';
import { resolveChatPictures } from './chat-pictures.js';
import { deadlineOf } from './deadline.js';
import type { PictureAddressDependencies } from './picture-address.js';
import type { Relays } from './relay.js';

export interface TextChatDependencies extends PictureAddressDependencies {
  bus: Bus;
  media: MediaStore;
  relays: Relays;
  /** Until the first byte of an answer, in ms, where the client names no other time. */
  chatDeadlineMs: number;
}

/** Makes what answers a chat completion with a text model: the chat service's reply, passed on. */
export function createTextChat(dependencies: TextChatDependencies) {
  const { bus, media, relays, chatDeadlineMs } = dependencies;
  return async (model: Model, req: Request, res: Response): Promise<void> => {
    const body = parseChatCompletion(req.body);
    const messages = await resolveChatPictures(body.messages, req, dependencies);
    const { requestId, identity } = res.locals;
    const request = { ...body, owner: identity.owner, model, messages };
    const deadlineMs = deadlineOf(req, chatDeadlineMs);
    await relays.relay(res, {
      send: (signal) => bus.openStream(completeChat, request, { requestId, deadlineMs, signal, claimCheck: media }),
      format: body.stream ? 'sse' : 'json',
      repeatable: true,
    });
  };
}
