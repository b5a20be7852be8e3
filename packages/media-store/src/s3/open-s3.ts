import { S3Client } from '@aws-sdk/client-s3';
import type { S3Address } from './s3-address.js';
import { S3MediaStore } from './s3-media-store.js';

const CONNECT_TIMEOUT_MS = 5_000;
/** Of a connection on which nothing moves, also because a reader of a file takes nothing. */
const IDLE_TIMEOUT_MS = 60_000;
/** Each file that is read straight from the store holds one until its reader is done. */
const MAX_CONNECTIONS = 256;

/** The store at an address. */
export function openS3(address: S3Address): S3MediaStore {
  return new S3MediaStore(createS3Client(address), address);
}

/** A client for an address. Credentials come from where Amazon's own tools take them: AWS_ACCESS_KEY_ID, roles, … */
export function createS3Client({ endpoint, region }: Pick<S3Address, 'endpoint' | 'region'>): S3Client {
  return new S3Client({
    ...(region === undefined ? {} : { region }),
    // Other stores are found under their own host name, and most of them have one region, of any name.
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true, region: region ?? 'us-east-1' }),
    // Checksums that Amazon added lately are refused by older stores.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // With it each part of a file is sent on a new connection.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: IDLE_TIMEOUT_MS,
      httpAgent: { maxSockets: MAX_CONNECTIONS },
      httpsAgent: { maxSockets: MAX_CONNECTIONS },
    },
  });
}
