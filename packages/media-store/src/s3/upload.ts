import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { MediaSource, PutOptions } from '../media-store.js';
import { readSource } from '../read-source.js';
import { inWordsOfThePort } from './s3-errors.js';

/** More than the 5 MiB that S3 asks of every part but the last; 10,000 of them make 80 GB. */
const PART_BYTES = 8 * 1024 * 1024;
/** With the part that is being filled this is what an upload holds in memory: 24 MiB at most. */
const PARTS_IN_FLIGHT = 2;
/** So many are kept for the next upload. */
const MAX_FREE_BUFFERS = 4;

/** The object that an upload makes. */
export interface UploadTarget {
  Bucket: string;
  Key: string;
  ContentType: string;
}

/**
 * Streams a source into an object, which appears when it is complete. A small one is one request; of a larger one a
 * few parts are in memory at a time.
 * @returns the number of bytes
 * @throws as `MediaStore.put`
 */
export async function upload(
  client: S3Client,
  target: UploadTarget,
  source: MediaSource,
  options: PutOptions,
  buffers: PartBuffers,
): Promise<number> {
  // A part that cannot be stored ends the reading, also of a source that is silent.
  const failure = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failure.signal]) : failure.signal;
  const parts = partsOf(readSource(source, { maxBytes: options.maxBytes, signal }), buffers);
  try {
    const first = await parts.next();
    if (first.done) return 0;
    const second = await parts.next();
    if (!second.done) {
      const multipart = await UploadInParts.begin(client, target, failure, signal);
      return await multipart.store([first.value, second.value], parts, (part) => buffers.giveBack(part));
    }
    const put = new PutObjectCommand({ ...target, Body: first.value });
    await inWordsOfThePort(client.send(put, { abortSignal: signal }), signal);
    buffers.giveBack(first.value);
    return first.value.byteLength;
  } finally {
    await parts.return();
  }
}

/**
 * Buffers for the parts of uploads, used again: memory that is only let go of waits for the collector. A fresh one
 * costs memory only as far as it is filled.
 */
export class PartBuffers {
  readonly #free: ArrayBufferLike[] = [];

  take(): Uint8Array {
    return new Uint8Array(this.#free.pop() ?? Buffer.allocUnsafeSlow(PART_BYTES).buffer);
  }

  giveBack(part: Uint8Array): void {
    if (this.#free.length < MAX_FREE_BUFFERS) this.#free.push(part.buffer);
  }
}

/** Gathers chunks into parts, all of them full but the last. */
async function* partsOf(chunks: AsyncIterable<Uint8Array>, buffers: PartBuffers): AsyncGenerator<Uint8Array, void> {
  let part = buffers.take();
  let filled = 0;
  for await (const chunk of chunks) {
    for (let taken = 0; taken < chunk.byteLength; ) {
      const piece = chunk.subarray(taken, taken + part.byteLength - filled);
      part.set(piece, filled);
      taken += piece.byteLength;
      filled += piece.byteLength;
      if (filled < part.byteLength) continue;
      yield part;
      part = buffers.take();
      filled = 0;
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}

class UploadInParts {
  readonly #completed: { PartNumber: number; ETag: string }[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  #parts = 0;

  private constructor(
    private readonly client: S3Client,
    private readonly object: { Bucket: string; Key: string; UploadId: string },
    /** Aborted when a part fails. */
    private readonly failure: AbortController,
    /** Ends everything: the caller's signal, or the failure. */
    private readonly signal: AbortSignal,
  ) {}

  static async begin(
    client: S3Client,
    target: UploadTarget,
    failure: AbortController,
    signal: AbortSignal,
  ): Promise<UploadInParts> {
    const create = client.send(new CreateMultipartUploadCommand(target), { abortSignal: signal });
    const { UploadId } = await inWordsOfThePort(create, signal);
    if (UploadId === undefined) throw new Error('the store began an upload without naming it');
    return new UploadInParts(client, { Bucket: target.Bucket, Key: target.Key, UploadId }, failure, signal);
  }

  /**
   * Stores the parts read already and those that follow; `sent` is called for each when its bytes are needed no more.
   * @returns the number of bytes
   */
  async store(
    read: Uint8Array[],
    following: AsyncIterable<Uint8Array>,
    sent: (part: Uint8Array) => void,
  ): Promise<number> {
    let bytes = 0;
    const add = async (part: Uint8Array) => {
      bytes += part.byteLength;
      await this.#add(part, sent);
    };
    try {
      for (const part of read) await add(part);
      for await (const part of following) await add(part);
      await this.#complete();
      return bytes;
    } catch (error) {
      await this.#abort(error);
      throw error;
    }
  }

  /** Begins to send a part, once few enough are in flight. */
  async #add(part: Uint8Array, sent: (part: Uint8Array) => void): Promise<void> {
    while (this.#inFlight.size >= PARTS_IN_FLIGHT) await Promise.race(this.#inFlight);
    this.signal.throwIfAborted();
    const sending = this.#send(part, ++this.#parts)
      .then(() => sent(part))
      .catch((error: unknown) => this.failure.abort(error))
      .finally(() => this.#inFlight.delete(sending));
    this.#inFlight.add(sending);
  }

  async #complete(): Promise<void> {
    await Promise.all(this.#inFlight);
    this.signal.throwIfAborted();
    const Parts = this.#completed.sort((a, b) => a.PartNumber - b.PartNumber);
    const command = new CompleteMultipartUploadCommand({ ...this.object, MultipartUpload: { Parts } });
    await inWordsOfThePort(this.client.send(command, { abortSignal: this.signal }), this.signal);
  }

  /** Gives the upload up; its parts are removed. */
  async #abort(why: unknown): Promise<void> {
    this.failure.abort(why);
    // A part that arrives after the end of its upload would stay.
    await Promise.all(this.#inFlight);
    // What cannot be removed now the sweep removes; the caller hears of the first fault.
    await this.client.send(new AbortMultipartUploadCommand(this.object)).catch(() => {});
  }

  async #send(part: Uint8Array, PartNumber: number): Promise<void> {
    const command = new UploadPartCommand({ ...this.object, PartNumber, Body: part });
    const { ETag } = await inWordsOfThePort(this.client.send(command, { abortSignal: this.signal }), this.signal);
    if (ETag === undefined) throw new Error('the store took a part without an ETag');
    this.#completed.push({ PartNumber, ETag });
  }
}
