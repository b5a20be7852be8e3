import { createHash, randomBytes } from 'node:crypto';
import type { Bus } from '@grok2api/bus';
import {
  ApiError,
  adminPageSchema,
  type ClientKeyEntry,
  clientKeyBody,
  createClientKey,
  createClientKeySchema,
  isClientKeyId,
  listClientKeyEntries,
  newWebhookSecret,
  parseRequest,
  revokeClientKey,
  setWebhookSecret,
  toClientKeyLimits,
  updateClientKey,
  updateClientKeySchema,
} from '@grok2api/contracts';
import { type RequestHandler, Router } from 'express';
import type { ClientKeyFeed } from '../../client-keys/client-key-feed.js';
import { badCursor } from '../../cursor.js';
import { askTokenPool } from '../../token-pool.js';

export interface AdminClientKeyRoutesDependencies {
  bus: Bus;
  keys: ClientKeyFeed;
  /** Middleware that parses a JSON body. */
  json: RequestHandler[];
}

const SECRET_BYTES = 32;
const LAST = 4;
const NO_LIMITS = {
  requests_per_minute: null,
  max_concurrency: null,
  models: null,
  monthly_budget_ticks: null,
  expires_at: null,
};

/** `/client-keys`: list, make, change and revoke the keys that clients send, and give them webhook secrets. */
export function adminClientKeyRoutes({ bus, keys, json }: AdminClientKeyRoutesDependencies): Router {
  const router = Router();
  // What has no such form is in no database, and may be what none takes.
  router.param('id', (_req, _res, next, id: string) => {
    if (!isClientKeyId(id)) throw new ApiError('client_key_not_found');
    next();
  });

  router
    .route('/client-keys')
    .get(async (req, res) => {
      const query = parseRequest(adminPageSchema, req.query);
      const page = await askTokenPool(bus, listClientKeyEntries, query, res);
      if (page.status === 'bad_cursor') throw badCursor();
      res.json({ data: page.keys.map(clientKeyBody), next_cursor: page.next_cursor });
    })
    .post(...json, async (req, res) => {
      const { name, ...limits } = parseRequest(createClientKeySchema, req.body);
      // The secret is made here and told to nobody else: what leaves this process is its hash.
      const secret = `sk-${randomBytes(SECRET_BYTES).toString('base64url')}`;
      const secret_hash = createHash('sha256').update(secret).digest('hex');
      const request = { ...NO_LIMITS, ...toClientKeyLimits(limits), name, secret_hash, last4: secret.slice(-LAST) };
      const { key } = await askTokenPool(bus, createClientKey, request, res);
      await keys.refresh();
      res.status(201).json({ ...clientKeyBody(key), secret });
    });

  const revoke: RequestHandler<{ id: string }> = async (req, res) => {
    const { key } = await askTokenPool(bus, revokeClientKey, { key_id: req.params.id }, res);
    await keys.refresh();
    res.json(known(key));
  };
  router
    .route('/client-keys/:id')
    .patch(...json, async (req, res) => {
      const { name, ...limits } = parseRequest(updateClientKeySchema, req.body);
      const changes = { ...toClientKeyLimits(limits), ...(name === undefined ? {} : { name }) };
      const { key } = await askTokenPool(bus, updateClientKey, { key_id: req.params.id, changes }, res);
      await keys.refresh();
      res.json(known(key));
    })
    .delete(revoke);
  router.route('/client-keys/:id/revoke').post(revoke);
  router.route('/client-keys/:id/webhook-secret').post(async (req, res) => {
    const secret = newWebhookSecret(randomBytes);
    const { key } = await askTokenPool(bus, setWebhookSecret, { key_id: req.params.id, secret }, res);
    res.json({ ...known(key), webhook_secret: secret });
  });

  return router;
}

function known(key: ClientKeyEntry | null) {
  if (!key) throw new ApiError('client_key_not_found');
  return clientKeyBody(key);
}
