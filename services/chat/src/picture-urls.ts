import { ApiError, type ChatPicture } from '@grok2api/contracts';
import { PictureError, type UpstreamPictures } from '@grok2api/pictures';

/**
 * The URL under which the upstream gets a picture: its own where it can be sent on, else the picture itself.
 * @throws ApiError `image_fetch_failed`; the signal's reason
 */
export async function pictureUrl(
  picture: ChatPicture,
  pictures: UpstreamPictures,
  signal: AbortSignal,
): Promise<string> {
  if ('url' in picture) return picture.url;
  const source = 'media' in picture ? { media: picture.media } : { url: picture.fetch };
  try {
    return await pictures.dataUrl(source, signal);
  } catch (err) {
    if (!(err instanceof PictureError)) throw err;
    throw new ApiError('image_fetch_failed', { param: 'messages', values: { reason: err.message }, cause: err });
  }
}
