/** Where in S3 media are kept. */
export interface S3Address {
  bucket: string;
  /** What every key begins with: empty, or ending in a slash. */
  prefix: string;
  /** Base URL of a store that is not Amazon's. */
  endpoint?: string;
  /** Without it the SDK looks where it always does: AWS_REGION, the profile. */
  region?: string;
}

/** A text names no place in S3. The message says what is wrong, and never repeats the text. */
export class S3AddressError extends Error {
  override readonly name = 'S3AddressError';
}

/**
 * Reads `s3://BUCKET/PREFIX?endpoint=URL&region=REGION`; all but the bucket may be left out.
 * @throws S3AddressError
 */
export function parseS3Address(text: string): S3Address {
  if (!URL.canParse(text)) throw new S3AddressError('must be s3://BUCKET/PREFIX?endpoint=URL&region=REGION');
  const url = new URL(text);
  if (url.protocol !== 's3:' || url.hostname === '' || url.port !== '') {
    throw new S3AddressError('must begin with s3://BUCKET');
  }
  if (url.username !== '' || url.password !== '') {
    throw new S3AddressError('must not have credentials in it: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY');
  }
  for (const name of url.searchParams.keys()) {
    if (name !== 'endpoint' && name !== 'region') throw new S3AddressError(`has no parameter "${name}"`);
  }
  const endpoint = url.searchParams.get('endpoint');
  if (endpoint !== null && !/^https?:$/.test(URL.canParse(endpoint) ? new URL(endpoint).protocol : '')) {
    throw new S3AddressError('must have an http or https URL as its endpoint');
  }
  const region = url.searchParams.get('region');
  const path = url.pathname.replace(/^\/+|\/+$/g, '');
  if (!/^[\w./-]*$/.test(path))
    throw new S3AddressError('must have a prefix of letters, digits, "_", ".", "-" and "/"');
  return {
    bucket: url.hostname,
    prefix: path === '' ? '' : `${path}/`,
    ...(endpoint === null ? {} : { endpoint }),
    ...(region === null ? {} : { region }),
  };
}
