import type { Bus } from '@grok2api/bus';
import {
  ApiError,
  callbackBody,
  callbackDetailsBody,
  callbackDue,
  isCallbackId,
  listCallbacksSchema,
  parseRequest,
} from '@grok2api/contracts';
import type { Callbacks } from '@grok2api/task-store';
import { Router } from 'express';
import { decodeCursor, encodeCursor } from '../../cursor.js';

export interface AdminCallbackRoutesDependencies {
  bus: Bus;
  callbacks: Callbacks;
}

/** `/callbacks`: list what is told of the ends of tasks, look into one with its attempts, and have it sent again. */
export function adminCallbackRoutes({ bus, callbacks }: AdminCallbackRoutesDependencies): Router {
  const router = Router();

  router.route('/callbacks').get(async (req, res) => {
    const { state, owner, task, limit, cursor } = parseRequest(listCallbacksSchema, req.query);
    const before = cursor === undefined ? undefined : decodeCursor(cursor);
    const page = await callbacks.list({ state, owner, taskId: task, limit, before });
    const next_cursor = page.next === undefined ? null : encodeCursor(page.next);
    res.json({ data: page.callbacks.map(callbackBody), next_cursor });
  });

  router.route('/callbacks/:id').get(async (req, res) => {
    res.json(await details(req.params.id));
  });

  router.route('/callbacks/:id/send').post(async (req, res) => {
    const { id } = req.params;
    if (!isCallbackId(id) || !(await callbacks.sendAgain(id))) throw new ApiError('callback_not_found');
    bus.publish(callbackDue, {});
    res.status(202).json(await details(id));
  });

  async function details(id: string) {
    const callback = isCallbackId(id) ? await callbacks.get(id) : undefined;
    if (!callback) throw new ApiError('callback_not_found');
    return callbackDetailsBody(callback);
  }

  return router;
}
