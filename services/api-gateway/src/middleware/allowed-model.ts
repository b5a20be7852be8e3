import { ApiError } from '@grok2api/contracts';
import type { RequestHandler, Response } from 'express';
import { z } from 'zod';

const bodySchema = z.object({ model: z.string() });

/** Whether the client key of the request may use a model, by the name that clients use. */
export function mayUseModel(res: Response, model: string): boolean {
  return res.locals.identity.key?.models?.has(model) ?? true;
}

/** Refuses a model that the client key may not use, in the words for one that is not there. @throws ApiError `model_not_found` */
export function requireModelAccess(res: Response, model: string): void {
  if (!mayUseModel(res, model)) throw new ApiError('model_not_found', { param: 'model', values: { model } });
}

/** Does so for the model that a parsed JSON body names; a body without one is for the route to judge. */
export const allowedModel: RequestHandler = (req, res, next) => {
  const named = bodySchema.safeParse(req.body).data;
  if (named) requireModelAccess(res, named.model);
  next();
};
