import type { Model, ModelCatalogue } from '@grok2api/contracts';
import { type RequestHandler, Router } from 'express';
import { mayUseModel, requireModelAccess } from '../middleware/allowed-model.js';
import { methodNotAllowed } from '../middleware/errors.js';

export interface ModelRoutesDependencies {
  models: ModelCatalogue;
  requireKey: RequestHandler;
}

/** `GET /models` and `GET /models/{id}`: what clients may name as a model. */
export function modelRoutes({ models, requireKey }: ModelRoutesDependencies): Router {
  const router = Router();
  router
    .route('/models')
    .get(requireKey, (_req, res) => {
      const allowed = models.list().filter(({ id }) => mayUseModel(res, id));
      res.json({ object: 'list', data: allowed.map(describe) });
    })
    .all(methodNotAllowed('GET'));
  router
    .route('/models/:id')
    .get(requireKey, (req, res) => {
      requireModelAccess(res, req.params.id);
      res.json(describe(models.find(req.params.id)));
    })
    .all(methodNotAllowed('GET'));
  return router;
}

function describe({ id, kind, upstream, created, chat }: Model) {
  const capabilities = chat ? { reasoning_efforts: chat.efforts, unsupported_parameters: chat.refuses } : {};
  return { id, object: 'model', created, owned_by: 'xai', kind, root: upstream, capabilities };
}
