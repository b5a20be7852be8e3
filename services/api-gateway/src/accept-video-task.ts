import type { VideoTaskRequest } from '@grok2api/contracts';
import type { Request } from 'express';
import { type AcceptDependencies, acceptTask } from './accept-task.js';
import { type PictureSourceDependencies, resolvePicture } from './picture-source.js';

export interface AcceptVideoDependencies extends AcceptDependencies, PictureSourceDependencies {}

/**
 * Accepts a video task, whichever route it came by.
 * @returns its id @throws ApiError what `acceptTask` throws, or for a first frame that cannot be used
 */
export function acceptVideoTask(
  { model, prompt, params, imageUrl, callbackUrl }: VideoTaskRequest,
  req: Request,
  owner: string,
  dependencies: AcceptVideoDependencies,
): Promise<string> {
  const prepare = async () => {
    const image = imageUrl === undefined ? undefined : await resolvePicture(imageUrl, 'image_url', req, dependencies);
    return { kind: 'video' as const, params: image ? { ...params, image } : params };
  };
  return acceptTask({ kind: 'video', model, prompt, callbackUrl, prepare }, req, owner, dependencies);
}
