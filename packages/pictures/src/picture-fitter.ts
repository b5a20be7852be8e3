import { type PictureType, pictureType } from '@grok2api/media-store';
import sharp, { type Metadata, type SharpOptions } from 'sharp';
import { OneAtATime } from './one-at-a-time.js';
import { PictureError } from './picture-error.js';

/** What phones sell as 50 megapixels has up to 50.4. Decoding the worst file of this size takes about 600 MB. */
const MAX_MEGAPIXELS = 51;
/** A line of a picture is held whole: a thin one of 50 megapixels would take gigabytes. */
const MAX_SIDE = 32_768;
const DECODE_TIMEOUT_S = 30;
/** Long side, in pixels, and quality of what is re-encoded; the next one when the one before was still too big. */
const ENCODINGS = [
  { side: 2048, quality: 90 },
  { side: 1536, quality: 80 },
  { side: 1024, quality: 70 },
];
/** Every pixel has to be read for a picture this small too, but none is kept. */
const CHECK_SIDE = 64;

const READ_OPTIONS: SharpOptions = {
  // Stops at a cut file and at a wrong checksum. Mere warnings, which many cameras' files cause, are let pass.
  failOn: 'error',
  limitInputPixels: MAX_MEGAPIXELS * 1e6,
  sequentialRead: true,
};

/** A whole picture file. */
export interface Picture {
  bytes: Buffer;
  type: PictureType;
}

/** Makes pictures that strangers chose fit for an upstream. */
export interface PictureFitter {
  /**
   * Checks a PNG, JPEG or WebP file, every pixel of it, and returns it as it is when it is small enough, upright and
   * still. Else it comes back as a smaller JPEG, or WebP if it has an alpha channel: turned as its EXIF orientation
   * says, without metadata, its proportions kept; of an animation the first picture.
   * @throws PictureError; the reason of `signal` if that aborts before its turn
   */
  fit(bytes: Buffer, signal: AbortSignal): Promise<Picture>;
}

/**
 * Builds the fitter of this process. It decodes one picture at a time, on one thread, and keeps nothing in between;
 * to that end it sets the process-wide options of sharp.
 * @param options `maxBytes`: largest file that it returns
 */
export function createPictureFitter({ maxBytes }: { maxBytes: number }): PictureFitter {
  sharp.cache(false);
  sharp.concurrency(1);
  // The library reads many more formats. What a stranger sends must never get to their decoders.
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({
    operation: ['VipsForeignLoadPngBuffer', 'VipsForeignLoadJpegBuffer', 'VipsForeignLoadWebpBuffer'],
  });
  const decoding = new OneAtATime();
  return {
    async fit(bytes, signal) {
      const type = await pictureType(bytes);
      if (!type) throw new PictureError('it is neither PNG, JPEG nor WebP');
      return decoding.run(() => fitPicture({ bytes, type }, maxBytes), signal);
    },
  };
}

async function fitPicture(picture: Picture, maxBytes: number): Promise<Picture> {
  const header = await readHeader(picture.bytes);
  if (picture.bytes.length > maxBytes || !isUprightAndStill(header)) return shrink(picture.bytes, header, maxBytes);
  await checkPixels(picture.bytes);
  return picture;
}

/** Only the header is read, however large the picture says it is. */
async function readHeader(bytes: Buffer): Promise<Metadata> {
  const header = await readable(sharp(bytes, { ...READ_OPTIONS, limitInputPixels: false }).metadata());
  const { width, height } = header;
  const size = `it has ${width} × ${height} pixels`;
  if (width * height > MAX_MEGAPIXELS * 1e6) {
    throw new PictureError(`${size}; at most ${MAX_MEGAPIXELS} megapixels are taken`);
  }
  if (Math.max(width, height) > MAX_SIDE) {
    throw new PictureError(`${size}; at most ${MAX_SIDE} pixels on a side are taken`);
  }
  return header;
}

function isUprightAndStill({ orientation = 1, pages = 1 }: Metadata): boolean {
  return orientation === 1 && pages === 1;
}

async function checkPixels(bytes: Buffer): Promise<void> {
  await readable(
    sharp(bytes, READ_OPTIONS)
      .resize(CHECK_SIDE, CHECK_SIDE, { fit: 'inside' })
      .raw()
      .timeout({ seconds: DECODE_TIMEOUT_S })
      .toBuffer(),
  );
}

async function shrink(bytes: Buffer, { hasAlpha }: Metadata, maxBytes: number): Promise<Picture> {
  for (const { side, quality } of ENCODINGS) {
    const resized = sharp(bytes, READ_OPTIONS)
      .autoOrient()
      .resize(side, side, { fit: 'inside', withoutEnlargement: true })
      .timeout({ seconds: DECODE_TIMEOUT_S });
    const encoded = hasAlpha ? resized.webp({ quality }) : resized.jpeg({ quality });
    const smaller = await readable(encoded.toBuffer());
    if (smaller.length <= maxBytes) return { bytes: smaller, type: hasAlpha ? 'webp' : 'jpg' };
  }
  throw new PictureError('it cannot be made small enough');
}

/** What sharp says about a file is for the log: the client learns that the file is at fault. */
async function readable<Result>(reading: Promise<Result>): Promise<Result> {
  try {
    return await reading;
  } catch (cause) {
    const tookTooLong = cause instanceof Error && cause.message.startsWith('timeout');
    throw new PictureError(tookTooLong ? 'it takes too long to decode' : 'it is broken or incomplete', { cause });
  }
}
