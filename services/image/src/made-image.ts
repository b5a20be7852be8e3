import type { UpstreamImage } from '@grok2api/grok-upstream';
import type { PictureType } from '@grok2api/media-store';
import { inspectBytes, PictureError } from '@grok2api/pictures/inspect';
import type { Logger } from '@grok2api/service-kit';

/** An image that the upstream made, and that is one. */
export interface MadeImage {
  bytes: Buffer;
  /** By its content, whatever the upstream calls it. */
  type: PictureType;
  /** In pixels. */
  width: number;
  height: number;
  revisedPrompt: string | undefined;
}

/** The image in what the upstream sent; undefined, and a line in the log, when there is none. */
export async function toMadeImage(
  { bytes, revisedPrompt }: UpstreamImage,
  log: Pick<Logger, 'warn'>,
): Promise<MadeImage | undefined> {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return { bytes: file, ...(await inspectBytes(file)), revisedPrompt };
  } catch (err) {
    if (!(err instanceof PictureError)) throw err;
    log.warn({ err, bytes: file.length }, 'the upstream sent something else than an image');
    return undefined;
  }
}
