import { createHash } from 'node:crypto';
import { ApiError } from '@grok2api/contracts';
import type { KeyedRequest } from '@grok2api/task-store';
import type { Request } from 'express';
import { uploadedPictures } from '../upload.js';

const MAX_KEY_LENGTH = 255;
const PRINTABLE = /^[\x20-\x7e]+$/;

/**
 * What a request with an Idempotency-Key is known by; undefined for one without. Its body has to be parsed. Bodies are
 * the same when they are the same JSON or, of a multipart body, when the same fields have the same texts and files.
 * @throws ApiError `invalid_idempotency_key`
 */
export function keyedRequest(req: Request, owner: string): KeyedRequest | undefined {
  const key = req.get('idempotency-key');
  if (key === undefined) return undefined;
  if (key.length > MAX_KEY_LENGTH || !PRINTABLE.test(key)) {
    throw new ApiError('invalid_idempotency_key', { values: { max: MAX_KEY_LENGTH } });
  }
  return { owner, keyHash: sha256(key), fingerprint: fingerprint(req) };
}

function fingerprint(req: Request): string {
  // Every route answers with and without the prefix.
  const path = `${req.baseUrl}${req.path}`.replace(/^\/v1(?=\/)/, '');
  const files = uploadedPictures(req).map(({ field, sha256 }) => [field, sha256]);
  return sha256(JSON.stringify([req.method, path, req.body ?? null, files]));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
