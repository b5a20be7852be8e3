import { invalidArgument, XaiError } from './xai-error.js';

/** Checks the key of a request, undefined when it has none, and returns it. Throws XaiError when it is not good. */
export type Authenticate = (key: string | undefined) => string;

/** The key in an Authorization header; undefined when there is none or the header is malformed. */
export function bearerKey(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
}

/**
 * Makes the check of keys. xAI answers a missing key with 401 and a wrong one with 400.
 * @param goodKeys the only good keys; undefined or empty: every key that does not begin with `invalid`
 */
export function createAuthenticator(goodKeys: readonly string[] | undefined): Authenticate {
  const isGood = (key: string) =>
    !key.startsWith('invalid') && (goodKeys === undefined || goodKeys.length === 0 || goodKeys.includes(key));
  return (key) => {
    if (key === undefined) {
      throw new XaiError(401, 'unauthenticated', 'No API key provided. Use the header "Authorization: Bearer <key>".');
    }
    if (!isGood(key)) {
      throw invalidArgument(
        `Incorrect API key provided: ${redactKey(key)}. You can obtain an API key from https://console.x.ai.`,
      );
    }
    return key;
  };
}

function redactKey(key: string): string {
  return `${key.slice(0, 2)}***${key.slice(-2)}`;
}
