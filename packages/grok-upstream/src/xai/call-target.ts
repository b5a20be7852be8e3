import type { Credential } from '@grok2api/contracts';
import { UpstreamError } from '../errors.js';
import { originOf } from '../origin.js';

/** Where calls go: an origin, and what their paths begin with. */
export interface Target {
  origin: string;
  path: string;
}

/**
 * Where the calls of a credential go. The path is not normalised, so that the id of a job in it stays what it is.
 * @throws UpstreamError `credential_dead` when its key or its base URL cannot be put into a request
 */
export function targetOf(credential: Credential): Target {
  const unusable = (what: string, cause?: unknown) =>
    new UpstreamError(`the credential's ${what}`, {
      fault: 'credential_dead',
      outcome: 'dead',
      submitted: 'no',
      cause,
    });
  if (!/^[\x21-\x7e]+$/.test(credential.secret)) throw unusable('key cannot be put into a header');
  try {
    const { pathname, protocol } = new URL(credential.base_url);
    if (protocol !== 'https:' && protocol !== 'http:') throw new TypeError(`not http: ${protocol}`);
    return { origin: originOf(credential), path: pathname.replace(/\/+$/, '') };
  } catch (err) {
    throw unusable('base URL is no http(s) URL', err);
  }
}
