import { S3ServiceException } from '@aws-sdk/client-s3';
import { MediaStoreUnavailableError } from '../media-store.js';

const TOO_MANY_REQUESTS = 429;
const SERVER_ERRORS = 500;
/** NotFound is the answer to HEAD: it has no body that would say more than 404. */
const ABSENT: ReadonlySet<string> = new Set(['NoSuchKey', 'NoSuchUpload', 'NotFound']);

/**
 * The result of a call, or what it failed with in the words of the port: the signal's own reason, else
 * MediaStoreUnavailableError where a later call may do better.
 */
export async function inWordsOfThePort<Result>(call: Promise<Result>, signal?: AbortSignal): Promise<Result> {
  try {
    return await call;
  } catch (error) {
    signal?.throwIfAborted();
    throw isPassing(error) ? new MediaStoreUnavailableError(error) : error;
  }
}

/** The result of a call, or `undefined` if the object or upload it was about is not there. */
export async function unlessAbsent<Result>(call: Promise<Result>): Promise<Result | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof S3ServiceException && ABSENT.has(error.name)) return undefined;
    throw error;
  }
}

/** Whether a call failed because the range that it asked for is outside of the object. */
export function isInvalidRange(error: unknown): boolean {
  return error instanceof S3ServiceException && error.name === 'InvalidRange';
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof S3ServiceException) {
    const status = error.$metadata.httpStatusCode ?? SERVER_ERRORS;
    return status >= SERVER_ERRORS || status === TOO_MANY_REQUESTS;
  }
  // What the network says has a code of the system's: ECONNREFUSED, ENOTFOUND, ….
  return error.name === 'TimeoutError' || 'code' in error;
}
