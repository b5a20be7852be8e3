import type { ImageParams } from '@grok2api/contracts';
import type { UpstreamImageRequest } from '@grok2api/grok-upstream';

/** What is to be made, whether a client waits for it or a task is about it. */
export interface WantedImages {
  upstreamModel: string;
  prompt: string;
  params: ImageParams;
  /** Data URLs of what is to be edited. */
  pictures?: readonly string[] | undefined;
}

/** A request for so many images in the upstream's terms. */
export function toUpstreamRequest(
  { upstreamModel, prompt, params, pictures }: WantedImages,
  count: number,
): UpstreamImageRequest {
  const { aspect_ratio: aspectRatio, resolution, quality, user } = params;
  return {
    model: upstreamModel,
    prompt,
    n: count,
    aspectRatio,
    ...(resolution === undefined ? {} : { resolution }),
    ...(quality === undefined ? {} : { quality }),
    ...(user === undefined ? {} : { user }),
    ...(pictures === undefined ? {} : { images: [...pictures] }),
  };
}
