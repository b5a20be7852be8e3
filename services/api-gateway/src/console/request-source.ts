import type { Request } from 'express';

/** `own`: a page of this server; `other`: one of elsewhere; `unknown`: an address that was typed in, or no browser. */
export type RequestSource = 'own' | 'other' | 'unknown';

/**
 * Where a request comes from, as the browser says. Over plain http some send no `Sec-Fetch-Site`; then `Origin` tells,
 * which they send with everything but reading, and with reading across origins.
 */
export function requestSource(req: Request): RequestSource {
  const site = req.get('sec-fetch-site');
  if (site === 'same-origin') return 'own';
  if (site !== undefined && site !== 'none') return 'other';
  const origin = req.get('origin');
  if (origin === undefined) return 'unknown';
  return URL.canParse(origin) && new URL(origin).host === req.host ? 'own' : 'other';
}
