import type { RequestHandler } from 'express';
import helmet from 'helmet';

/**
 * Tells browsers to make nothing of an answer but what it is. A route that serves pages, or files for other sites,
 * replaces what is too strict for it. Only over https they are told to stay with https.
 */
export function securityHeaders(): RequestHandler {
  const always = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"], baseUri: ["'none'"] },
    },
    strictTransportSecurity: false,
  });
  const overHttps = helmet.strictTransportSecurity();
  return (req, res, next) => {
    always(req, res, (err) => {
      if (err !== undefined || !req.secure) next(err);
      else overHttps(req, res, next);
    });
  };
}
