import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { ApiError, openApiDocument } from '@grok2api/contracts';
import express, { type RequestHandler, Router } from 'express';
import helmet from 'helmet';

/** What the page is made of: Swagger UI's own files, from this server. */
const FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];
const INIT = 'init.js';

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Grok2API</title>
<link rel="icon" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/${INIT}"></script>
</body>
</html>
`;

const INIT_SCRIPT = `SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
  tryItOutEnabled: true,
});
`;

/** The page needs nothing but this server. */
const csp = helmet.contentSecurityPolicy({
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    // Swagger UI writes styles into its elements.
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    frameAncestors: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
  },
});

/** `GET /openapi.json`, and `GET /docs`: the same as a page to read and to try. */
export function docsRoutes(): Router {
  const document = JSON.stringify(openApiDocument());
  const require = createRequire(import.meta.url);
  const directory = dirname(require.resolve('swagger-ui-dist/package.json'));
  const files = express.static(directory, { index: false, redirect: false, fallthrough: false, maxAge: '1h' });
  const sendFile: RequestHandler<{ file: string }> = (req, res, next) => {
    const { file } = req.params;
    if (file === INIT) res.type('js').send(INIT_SCRIPT);
    else if (FILES.includes(file)) {
      req.url = `/${file}`;
      files(req, res, next);
    } else throw new ApiError('route_not_found', { values: { method: req.method, path: req.path } });
  };

  const router = Router();
  router.get('/openapi.json', (_req, res) => {
    res.type('json').send(document);
  });
  router.get('/docs', csp, (req, res) => {
    // What the page names is beside it.
    if (req.path.endsWith('/')) res.redirect('../docs');
    else res.type('html').send(PAGE);
  });
  router.get('/docs/:file', sendFile);
  return router;
}
