import type { Bus } from '@grok2api/bus';
import {
  ApiError,
  addCredentials,
  type CredentialEntry,
  clearCooling,
  createCredentialSchema,
  credentialBody,
  deleteCredential,
  isCredentialId,
  listCredentials,
  listCredentialsSchema,
  parseRequest,
  parseSecretRequest,
  testCredential,
  toCredentialChanges,
  toNewCredential,
  updateCredential,
  updateCredentialSchema,
} from '@grok2api/contracts';
import { type RequestHandler, type Response, Router } from 'express';
import { badCursor } from '../../cursor.js';
import { askTokenPool } from '../../token-pool.js';

export interface AdminCredentialRoutesDependencies {
  bus: Bus;
  /** Middleware that parses a JSON body. */
  json: RequestHandler[];
}

/** What the token pool says of a credential that it does not have. */
const UNKNOWN = 'unknown_credential';

type CredentialChanges = ReturnType<typeof toCredentialChanges> & { enabled?: boolean };

/** `/credentials`: list, add, change, test, rest and delete the upstream's keys. No reply has a secret. */
export function adminCredentialRoutes({ bus, json }: AdminCredentialRoutesDependencies): Router {
  const router = Router();
  // What has no such form is in no database, and may be what none takes.
  router.param('id', (_req, _res, next, id: string) => {
    if (!isCredentialId(id)) throw new ApiError('credential_not_found');
    next();
  });

  router
    .route('/credentials')
    .get(async (req, res) => {
      const query = parseRequest(listCredentialsSchema, req.query);
      const page = await askTokenPool(bus, listCredentials, query, res);
      if (page.status === 'bad_cursor') throw badCursor();
      res.json({ data: page.credentials.map(credentialBody), next_cursor: page.next_cursor });
    })
    .post(...json, async (req, res) => {
      const credential = toNewCredential(parseSecretRequest(createCredentialSchema, req.body));
      const { results } = await askTokenPool(bus, addCredentials, { credentials: [credential] }, res);
      const [result] = results;
      if (!result) throw new ApiError('internal_error');
      if (result.status === 'duplicate') throw new ApiError('duplicate_credential', { values: { id: result.id } });
      // No change: the reply is the credential as it is.
      res.status(201).json(await update(result.id, {}, res));
    });

  router
    .route('/credentials/:id')
    .patch(...json, async (req, res) => {
      const { enabled, ...fields } = parseSecretRequest(updateCredentialSchema, req.body);
      const changes = { ...toCredentialChanges(fields), ...(enabled == null ? {} : { enabled }) };
      res.json(await update(req.params.id, changes, res));
    })
    .delete(async (req, res) => {
      const request = { credential_id: req.params.id };
      res.json(known((await askTokenPool(bus, deleteCredential, request, res)).credential));
    });

  router.route('/credentials/:id/enable').post(async (req, res) => {
    res.json(await update(req.params.id, { enabled: true }, res));
  });
  router.route('/credentials/:id/disable').post(async (req, res) => {
    res.json(await update(req.params.id, { enabled: false }, res));
  });
  router.route('/credentials/:id/clear-cooling').post(async (req, res) => {
    const request = { credential_id: req.params.id };
    res.json(known((await askTokenPool(bus, clearCooling, request, res)).credential));
  });

  router.route('/credentials/:id/test').post(async (req, res) => {
    const tested = await askTokenPool(bus, testCredential, { credential_id: req.params.id }, res);
    if (tested.reason === UNKNOWN) throw new ApiError('credential_not_found');
    res.json({ ...tested, credential: await update(req.params.id, {}, res) });
  });

  async function update(credential_id: string, changes: CredentialChanges, res: Response) {
    return known((await askTokenPool(bus, updateCredential, { credential_id, changes }, res)).credential);
  }

  return router;
}

function known(credential: CredentialEntry | null) {
  if (!credential) throw new ApiError('credential_not_found');
  return credentialBody(credential);
}
