import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ApiError } from '@grok2api/contracts';
import { type Request, type RequestHandler, Router } from 'express';

const SITE = 'dist/site';
/** Where its files are, which is no page. */
const FILES = 'assets';
/** In the page, where the nonce of each answer goes. */
const NONCE = '__CSP_NONCE__';
const NONCE_BYTES = 16;
/** By preference; the build has put such files beside those that are worth it. */
const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;

/**
 * The console's page, the same under every address of it, and the files that it is made of. Where it has not been built
 * there is nothing.
 */
export function consolePageRoutes(): Router {
  const require = createRequire(import.meta.url);
  const site = join(dirname(require.resolve('@grok2api/console/package.json')), SITE);
  const isBuilt = existsSync(join(site, 'index.html'));
  const page = isBuilt ? readFileSync(join(site, 'index.html'), 'utf8') : undefined;
  const assets = join(site, FILES);
  const files = new Set(isBuilt ? readdirSync(assets) : []);

  const sendPage: RequestHandler<{ page?: string }> = (req, res) => {
    if (page === undefined || req.params.page === FILES) throw notThere(req);
    const nonce = randomBytes(NONCE_BYTES).toString('base64');
    res.set({ 'cache-control': 'no-cache', 'content-security-policy': policy(nonce) });
    res.type('html').send(page.replaceAll(NONCE, nonce));
  };
  const sendFile: RequestHandler<{ file: string }> = (req, res, next) => {
    const { file } = req.params;
    if (!files.has(file)) throw notThere(req);
    const [encoding, ending = ''] =
      ENCODINGS.find(([name, end]) => files.has(file + end) && req.acceptsEncodings(name)) ?? [];
    const headers = {
      // Names tell of what is in the files: another content has another name.
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'accept-encoding',
      ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
    };
    const options = { root: assets, headers, cacheControl: false, lastModified: false, acceptRanges: false };
    res.type(file).sendFile(file + ending, options, (err) => {
      if (!err || res.headersSent) return;
      // Another build has replaced it.
      res.removeHeader('content-type');
      next(notThere(req));
    });
  };

  const router = Router();
  router.get(`/${FILES}/:file`, sendFile);
  router.get('/', sendPage);
  router.get('/:page', sendPage);
  return router;
}

/** The page needs nothing but this server; styles that are written while it runs carry its nonce. */
function policy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "media-src 'self'",
    "connect-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

function notThere(req: Pick<Request, 'method' | 'baseUrl' | 'path'>): ApiError {
  return new ApiError('route_not_found', { values: { method: req.method, path: req.baseUrl + req.path } });
}
