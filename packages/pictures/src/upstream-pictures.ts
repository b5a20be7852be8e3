import type { MediaStore } from '@grok2api/media-store';
import type { SafeFetch } from '@grok2api/safe-fetch';
import type { Bitmap } from './bitmap.js';
import { configureSharp } from './configure-sharp.js';
import { type DecodeOptions, decodePicture } from './decode-picture.js';
import { drawGrid } from './draw-grid.js';
import { encodePicture } from './encode-picture.js';
import { layOutGrid, spreadOverGrids } from './grid-plan.js';
import { OneAtATime } from './one-at-a-time.js';
import { PictureError } from './picture-error.js';
import { fetchPicture, readUpload } from './read-source.js';

const FETCH_TIMEOUT_MS = 60_000;
/**
 * xAI's API reference: 10 MiB a picture. Half a mebibyte less also holds where megabytes of 1,000,000 bytes are meant.
 * It is counted before base64, which adds a third.
 */
const UPSTREAM_MAX_BYTES = 9.5 * 1024 * 1024;
/** More pixels than the upstream's own pictures have help nobody. */
const SINGLE: DecodeOptions = { side: 2048, enlarge: false };

/** A picture that a request names: a file of the media store, or an address that is fetched. */
export type PictureSource = { media: string } | { url: string };

export interface UpstreamPicturesOptions {
  media: MediaStore;
  safeFetch: SafeFetch;
  /** For a whole fetch, from the resolving of the name to the last byte; a minute unless it is told. */
  fetchTimeoutMs?: number;
}

/**
 * Pictures of requests, as the upstream takes them: data URLs of JPEG files, or of WebP files where there is an alpha
 * channel, of at most 9.5 MiB and 2048 pixels a side, checked, upright, still and without metadata.
 * Sources are PNG, JPEG or WebP files of at most 50 MiB and 51 megapixels.
 */
export interface UpstreamPictures {
  /** One picture. @throws PictureError; the reason of `signal` if that aborts */
  dataUrl(source: PictureSource, signal: AbortSignal): Promise<string>;
  /**
   * At most three pictures, in which all of the sources are: up to three come each by itself, more are drawn side by
   * side into three grids, in their order.
   * @throws PictureError, whose message says which one it is about; the reason of `signal` if that aborts
   */
  prepareEdits(sources: readonly PictureSource[], signal: AbortSignal): Promise<string[]>;
}

/**
 * Builds the process's only source of such pictures: it decodes one at a time, on one thread, and sets the
 * process-wide options of sharp to that end. Of all uploads asked for only one is in memory, of all addresses one for
 * each call.
 */
export function createUpstreamPictures({
  media,
  safeFetch,
  fetchTimeoutMs = FETCH_TIMEOUT_MS,
}: UpstreamPicturesOptions): UpstreamPictures {
  configureSharp();
  const decoding = new OneAtATime();

  /** An upload is read in its turn; an address before it, so that a slow server holds nobody else up. */
  async function inTurn<Result>(
    { source, name }: NamedSource,
    signal: AbortSignal,
    work: (bytes: Buffer) => Promise<Result>,
  ): Promise<Result> {
    try {
      if ('media' in source) {
        return await decoding.run(async () => work(await readUpload(source.media, media)), signal);
      }
      const bytes = await fetchPicture(source.url, signal, safeFetch, fetchTimeoutMs);
      return await decoding.run(() => work(bytes), signal);
    } catch (err) {
      if (!(err instanceof PictureError) || name === undefined) throw err;
      throw new PictureError(`${name}: ${err.message}`, { cause: err });
    }
  }

  function single(source: NamedSource, signal: AbortSignal): Promise<string> {
    return inTurn(source, signal, async (bytes) => toDataUrl(await decodePicture(bytes, SINGLE)));
  }

  async function grid(sources: readonly NamedSource[], signal: AbortSignal): Promise<string> {
    const layout = layOutGrid(sources.length);
    const cell = { side: layout.cellSide, enlarge: true };
    const pictures: Bitmap[] = [];
    for (const source of sources) {
      pictures.push(await inTurn(source, signal, (bytes) => decodePicture(bytes, cell)));
    }
    return decoding.run(async () => toDataUrl(await drawGrid(pictures, layout)), signal);
  }

  return {
    dataUrl: (source, signal) => single({ source }, signal),
    async prepareEdits(sources, signal) {
      const named = sources.map((source, index) =>
        sources.length === 1 ? { source } : { source, name: `image ${index + 1}` },
      );
      const dataUrls: string[] = [];
      for (const group of spreadOverGrids(named)) {
        const [first, ...others] = group;
        dataUrls.push(await (first && others.length === 0 ? single(first, signal) : grid(group, signal)));
      }
      return dataUrls;
    },
  };
}

interface NamedSource {
  source: PictureSource;
  /** Tells it from others in the messages. */
  name?: string;
}

async function toDataUrl(bitmap: Bitmap): Promise<string> {
  const { bytes, mimeType } = await encodePicture(bitmap, UPSTREAM_MAX_BYTES);
  return `data:${mimeType};base64,${bytes.toString('base64')}`;
}
