import {
  type ImageRequest,
  type MediaRequestLimits,
  type ModelCatalogue,
  parseImageEdit,
  parseImageEditFields,
  parseImageGeneration,
} from '@grok2api/contracts';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { type EditPicturesDependencies, withPictures, withUploads } from '../edit-pictures.js';
import { createEditUpload, onlyMultipart, refuseMask } from '../edit-upload.js';
import { askImageService, type ImageJob, type ImageServiceDependencies } from '../image-service.js';
import { requireModelAccess } from '../middleware/allowed-model.js';
import { methodNotAllowed } from '../middleware/errors.js';
import type { Relays } from '../relay.js';

export interface ImageRoutesDependencies extends ImageServiceDependencies, EditPicturesDependencies {
  models: ModelCatalogue;
  limits: MediaRequestLimits;
  relays: Relays;
  /** Middleware that parses a JSON body. */
  json: RequestHandler[];
  requireKey: RequestHandler;
}

const EDITS = '/images/edits';

/** `POST /images/generations` and `POST /images/edits`: the image service's reply, passed on. */
export function imageRoutes(dependencies: ImageRoutesDependencies): Router {
  const { models, limits, relays, json, requireKey } = dependencies;

  const relay = async (request: ImageRequest, pictures: ImageJob['pictures'], req: Request, res: Response) => {
    // The standard model is not named in the body.
    requireModelAccess(res, request.model.id);
    await relays.relay(res, {
      send: (signal) => askImageService({ request, pictures, req, res }, signal, dependencies),
      format: request.stream ? 'sse' : 'json',
      repeatable: false,
    });
  };

  const router = Router();
  router
    .route('/images/generations')
    .post(requireKey, ...json, async (req, res) => {
      await relay(parseImageGeneration(req.body, models, limits), undefined, req, res);
    })
    .all(methodNotAllowed('POST'));

  router.route(EDITS).post(onlyMultipart, requireKey, createEditUpload(dependencies), async (req, res) => {
    await withUploads(req, res, dependencies, async (pictures) => {
      await relay(parseImageEditFields(req.body, models, limits), pictures, req, res);
    });
  });
  router
    .route(EDITS)
    .post(requireKey, ...json, async (req, res) => {
      const { imageUrls, ...request } = parseImageEdit(req.body, models, limits);
      await withPictures(imageUrls, 'image', req, res, dependencies, (pictures) => relay(request, pictures, req, res));
    })
    .all(methodNotAllowed('POST'));
  router.use(EDITS, refuseMask);
  return router;
}
