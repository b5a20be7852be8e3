import type { Readable } from 'node:stream';

/** Bytes to store, read once and never held whole. */
export type MediaSource = Readable | AsyncIterable<Uint8Array>;

/** First and last byte, both included, from 0. A last byte beyond the end means the end. */
export interface ByteRange {
  start: number;
  end: number;
}

export interface MediaStat {
  bytes: number;
  /** When the file was last stored completely. */
  createdAt: Date;
  /** With its quotes, as the header wants it. Another content has another one. */
  etag: string;
  contentType: string;
}

/** A file opened for reading. Its stat belongs to the very bytes of the stream. */
export interface OpenMedia extends MediaStat {
  /** Has to be read to its end or destroyed. */
  stream: Readable;
  /** What the stream covers: the whole file if no range was asked. */
  range: ByteRange;
}

export interface PutOptions {
  maxBytes: number;
  signal?: AbortSignal;
}

export interface SweepOptions {
  /** Only files stored before this time are touched. */
  olderThan: Date;
  /** Of these ids, the ones that are still needed. */
  keep(ids: string[]): Promise<Set<string>>;
  /** Largest number of ids given to `keep` at once. */
  batch: number;
}

export interface SweepResult {
  files: number;
  bytes: number;
}

/**
 * Pictures, videos and left requests by id. Every method throws InvalidMediaIdError for a text that `parseMediaId`
 * refuses, and MediaStoreUnavailableError while a store on another machine cannot be reached. Any number of processes
 * may use one store at once.
 */
export interface MediaStore {
  /**
   * Stores a file, all of it or nothing: readers see the former file of that id, or none, until the new one is
   * complete and safe on disk. Of several writers of one id the last one to finish wins.
   * When it fails the source is destroyed, and so it is when `signal` aborts (rejects with the signal's reason).
   * @throws MediaTooLargeError as soon as more than `maxBytes` arrive; MediaEmptyError when none do
   */
  put(id: string, source: MediaSource, options: PutOptions): Promise<{ bytes: number }>;
  stat(id: string): Promise<MediaStat | undefined>;
  /**
   * Opens a file, or gives `undefined` if there is none. Once open its bytes stay readable, whatever happens to the id.
   * @throws MediaRangeError when the file ends before the range starts
   */
  open(id: string, range?: ByteRange): Promise<OpenMedia | undefined>;
  /** Removes a file if it is there. */
  delete(id: string): Promise<void>;
  /** Removes old files that nobody needs, and what writers that died left behind. Several at once do no harm. */
  sweep(options: SweepOptions): Promise<SweepResult>;
}

/** A source had more bytes than it may. */
export class MediaTooLargeError extends Error {
  override readonly name = 'MediaTooLargeError';
  constructor(readonly maxBytes: number) {
    super(`more than ${maxBytes} bytes`);
  }
}

/** A source ended without a byte: no picture and no video is empty. */
export class MediaEmptyError extends Error {
  override readonly name = 'MediaEmptyError';
  constructor() {
    super('no bytes');
  }
}

/** A range starts behind the end of the file, or ends before it starts. */
export class MediaRangeError extends Error {
  override readonly name = 'MediaRangeError';
  constructor(readonly bytes: number) {
    super(`the range is not within the ${bytes} bytes of the file`);
  }
}

/** The store does not answer at the moment, or not in time; later it may. */
export class MediaStoreUnavailableError extends Error {
  override readonly name = 'MediaStoreUnavailableError';
  constructor(cause: unknown) {
    super('the media store cannot be reached', { cause });
  }
}
