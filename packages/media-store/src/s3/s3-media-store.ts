import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type MediaId, requireMediaId } from '../media-id.js';
import {
  type ByteRange,
  MediaRangeError,
  type MediaSource,
  type MediaStat,
  type MediaStore,
  type OpenMedia,
  type PutOptions,
  type SweepOptions,
  type SweepResult,
} from '../media-store.js';
import type { S3Address } from './s3-address.js';
import { inWordsOfThePort, isInvalidRange, unlessAbsent } from './s3-errors.js';
import { sweepBucket } from './sweep-bucket.js';
import { PartBuffers, upload } from './upload.js';

/**
 * Media as objects of one bucket of any S3-compatible store, `PREFIXfile_0123….jpg`. Readers see an object when it
 * is complete, and an answer that has begun goes on with its bytes: both are promises of S3 itself.
 */
export class S3MediaStore implements MediaStore {
  readonly #client: S3Client;
  readonly #place: Pick<S3Address, 'bucket' | 'prefix'>;
  readonly #now: () => number;
  readonly #buffers = new PartBuffers();

  constructor(client: S3Client, place: Pick<S3Address, 'bucket' | 'prefix'>, now: () => number = Date.now) {
    this.#client = client;
    this.#place = place;
    this.#now = now;
  }

  async put(id: string, source: MediaSource, options: PutOptions): Promise<{ bytes: number }> {
    const media = requireMediaId(id);
    const target = { ...this.#object(media), ContentType: media.contentType };
    return { bytes: await upload(this.#client, target, source, options, this.#buffers) };
  }

  async stat(id: string): Promise<MediaStat | undefined> {
    const media = requireMediaId(id);
    const head = this.#client.send(new HeadObjectCommand(this.#object(media)));
    const found = await inWordsOfThePort(unlessAbsent(head));
    return found && toMediaStat(media, found, found.ContentLength);
  }

  async open(id: string, range?: ByteRange): Promise<OpenMedia | undefined> {
    const media = requireMediaId(id);
    if (range && (range.start < 0 || range.start > range.end)) return this.#refuseRange(media);
    const wanted = range ? { Range: `bytes=${range.start}-${Math.min(range.end, Number.MAX_SAFE_INTEGER)}` } : {};
    const get = this.#client.send(new GetObjectCommand({ ...this.#object(media), ...wanted }));
    try {
      const found = await inWordsOfThePort(unlessAbsent(get));
      return found && toOpenMedia(media, found);
    } catch (error) {
      if (isInvalidRange(error)) return this.#refuseRange(media);
      throw error;
    }
  }

  async delete(id: string): Promise<void> {
    await inWordsOfThePort(this.#client.send(new DeleteObjectCommand(this.#object(requireMediaId(id)))));
  }

  async sweep(options: SweepOptions): Promise<SweepResult> {
    return inWordsOfThePort(sweepBucket(this.#client, this.#place, options, this.#now()));
  }

  #object({ id }: MediaId): { Bucket: string; Key: string } {
    return { Bucket: this.#place.bucket, Key: this.#place.prefix + id };
  }

  /** @throws MediaRangeError unless there is no such file */
  async #refuseRange({ id }: MediaId): Promise<undefined> {
    const stat = await this.stat(id);
    if (stat) throw new MediaRangeError(stat.bytes);
  }
}

function toOpenMedia(media: MediaId, found: GetObjectCommandOutput): OpenMedia {
  if (!(found.Body instanceof Readable)) throw new Error('the store answered without a body');
  const [, start, end, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(found.ContentRange ?? '')?.map(Number) ?? [];
  const stat = toMediaStat(media, found, total ?? found.ContentLength);
  return { ...stat, range: { start: start ?? 0, end: end ?? stat.bytes - 1 }, stream: found.Body };
}

function toMediaStat(
  { contentType }: MediaId,
  { LastModified: createdAt, ETag: etag }: { LastModified?: Date | undefined; ETag?: string | undefined },
  bytes: number | undefined,
): MediaStat {
  if (bytes === undefined || createdAt === undefined || etag === undefined) {
    throw new Error('the store answered without length, time or ETag');
  }
  return { bytes, createdAt, etag, contentType };
}
