import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  type MultipartUpload,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { parseMediaId } from '../media-id.js';
import type { SweepOptions, SweepResult } from '../media-store.js';
import type { S3Address } from './s3-address.js';
import { unlessAbsent } from './s3-errors.js';

type Place = Pick<S3Address, 'bucket' | 'prefix'>;

const HOUR_MS = 3_600_000;
const DELETES_AT_A_TIME = 8;

/** `MediaStore.sweep` for a bucket. Uploads that were begun more than an hour before `now` are left by dead writers. */
export async function sweepBucket(
  client: S3Client,
  place: Place,
  { olderThan, keep, batch }: SweepOptions,
  now: number,
): Promise<SweepResult> {
  const result = { files: 0, bytes: 0 };
  const removeUnneeded = async (old: Map<string, number>) => {
    const needed = old.size > 0 ? await keep([...old.keys()]) : new Set<string>();
    const unneeded = [...old].filter(([id]) => !needed.has(id));
    old.clear();
    // Not DeleteObjects: it asks for a checksum of its body that not every store knows.
    for (let at = 0; at < unneeded.length; at += DELETES_AT_A_TIME) {
      await Promise.all(
        unneeded.slice(at, at + DELETES_AT_A_TIME).map(async ([id, bytes]) => {
          await client.send(new DeleteObjectCommand({ Bucket: place.bucket, Key: place.prefix + id }));
          result.files++;
          result.bytes += bytes;
        }),
      );
    }
  };

  const old = new Map<string, number>();
  const pages = paginateListObjectsV2({ client }, { Bucket: place.bucket, Prefix: place.prefix });
  for await (const { Contents = [] } of pages) {
    for (const { Key = '', Size = 0, LastModified } of Contents) {
      const id = Key.slice(place.prefix.length);
      if (!parseMediaId(id) || !LastModified || LastModified >= olderThan) continue;
      old.set(id, Size);
      if (old.size >= batch) await removeUnneeded(old);
    }
  }
  await removeUnneeded(old);

  for await (const { Key, UploadId, Initiated } of uploadsIn(client, place)) {
    if (!Initiated || Initiated.getTime() >= now - HOUR_MS) continue;
    const abort = client.send(new AbortMultipartUploadCommand({ Bucket: place.bucket, Key, UploadId }));
    if (await unlessAbsent(abort)) result.files++;
  }
  return result;
}

async function* uploadsIn(client: S3Client, { bucket, prefix }: Place): AsyncGenerator<MultipartUpload, void> {
  let next: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
  for (;;) {
    const page = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...next }));
    yield* page.Uploads ?? [];
    if (!page.IsTruncated) return;
    next = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
}
