import { ApiError, type PictureSource } from '@grok2api/contracts';
import { PictureError, type UpstreamPictures } from '@grok2api/pictures';

/**
 * The pictures of an edit as the upstream takes them: at most three data URLs, in which all of them are.
 * @throws ApiError `invalid_image` for an upload, `image_fetch_failed` where there are addresses; the signal's reason
 */
export async function prepareEditPictures(
  sources: readonly PictureSource[],
  pictures: UpstreamPictures,
  signal: AbortSignal,
): Promise<string[]> {
  try {
    return await pictures.prepareEdits(sources, signal);
  } catch (err) {
    if (!(err instanceof PictureError)) throw err;
    const code = sources.every((source) => 'media' in source) ? 'invalid_image' : 'image_fetch_failed';
    throw new ApiError(code, { param: 'image', values: { reason: err.message }, cause: err });
  }
}
