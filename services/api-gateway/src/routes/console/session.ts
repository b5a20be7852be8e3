import { ApiError, parseSecretRequest, signInSchema } from '@grok2api/contracts';
import { type RequestHandler, type Response, Router } from 'express';
import type { ClientKey } from '../../client-keys/client-key.js';
import type { ClientKeys } from '../../client-keys/client-keys.js';
import { keyHash } from '../../client-keys/key-hash.js';
import type { ConsoleSession, ConsoleSessions } from '../../console/console-sessions.js';
import { requestSource } from '../../console/request-source.js';
import { clearSessionCookie, setSessionCookie } from '../../console/session-cookie.js';
import { adminKeyCheck } from '../../middleware/admin-key.js';
import type { Authenticator } from '../../middleware/authenticate.js';
import type { KeyGuesses } from '../../middleware/key-guesses.js';

const RETRY_AFTER_S = '1';

export interface ConsoleSessionRoutesDependencies {
  adminKey: string | undefined;
  authenticator: Authenticator;
  clientKeys: ClientKeys;
  sessions: ConsoleSessions;
  guesses: KeyGuesses;
  /** Middleware that parses a JSON body. */
  json: RequestHandler[];
}

/** `/api/session`: sign in to the console, see who is signed in, sign out. */
export function consoleSessionRoutes(dependencies: ConsoleSessionRoutesDependencies): Router {
  const { adminKey, authenticator, clientKeys, sessions, guesses, json } = dependencies;
  const isAdminKey = adminKeyCheck(adminKey);
  const router = Router();

  router.use('/api/session', (_req, res, next) => {
    res.set('cache-control', 'no-store');
    next();
  });
  router
    .route('/api/session')
    .get(async (_req, res) => {
      await answer(await stillGood(res.locals.session), res);
    })
    .post(refuseOtherPages, ...json, async (req, res) => {
      guesses.refuse(req);
      const hash = keyHash(parseSecretRequest(signInSchema, req.body).key);
      const signedIn = isAdminKey(hash) ? { admin: hash } : { client: hash };
      if (signedIn.client) {
        await authenticator.clientKey(hash).catch((err: unknown) => {
          if (err instanceof ApiError && err.code === 'invalid_api_key') guesses.remember(req);
          throw err;
        });
      }
      await answer({ ...(await stillGood(res.locals.session)), ...signedIn }, res);
    })
    .delete(refuseOtherPages, (_req, res) => {
      clearSessionCookie(res);
      res.status(204).end();
    });

  /** The session without the keys that are good no more; nothing when none is left. */
  async function stillGood(session: ConsoleSession | undefined): Promise<Partial<ConsoleSession>> {
    const client = session?.client && (await clientKeyOf(session.client)) ? session.client : undefined;
    const admin = session?.admin && isAdminKey(session.admin) ? session.admin : undefined;
    return session && (client || admin) ? { client, admin, begun: session.begun } : {};
  }

  async function clientKeyOf(hash: Buffer): Promise<ClientKey | undefined> {
    try {
      return await authenticator.clientKey(hash);
    } catch (err) {
      if (err instanceof ApiError && err.code === 'invalid_api_key') return undefined;
      throw err;
    }
  }

  async function answer(session: Partial<ConsoleSession>, res: Response): Promise<void> {
    const key = session.client && (await clientKeyOf(session.client));
    const signedIn = session.client || session.admin ? sessions.renewed(session) : undefined;
    if (clientKeys.mode === 'unknown' && !signedIn) {
      // Whether anybody has to sign in is told in a moment.
      throw new ApiError('service_unavailable', { headers: { 'retry-after': RETRY_AFTER_S } });
    }
    if (signedIn) setSessionCookie(res, signedIn, sessions);
    else if (res.req.get('cookie') !== undefined) clearSessionCookie(res);
    res.json({
      open: clientKeys.mode === 'open',
      client: key ? { id: key.owner, name: key.name } : null,
      admin: signedIn?.admin !== undefined,
      expires_at: signedIn ? new Date(signedIn.expires).toISOString() : null,
    });
  }

  return router;
}

/** Nobody is signed in or out by a page of another site. @throws ApiError `not_same_origin` */
const refuseOtherPages: RequestHandler = (req, _res, next) => {
  if (requestSource(req) === 'other') throw new ApiError('not_same_origin');
  next();
};
