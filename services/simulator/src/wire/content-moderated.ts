import { XaiError } from './xai-error.js';

/** The error of a picture or video that moderation refuses. xAI bills it. */
export function contentModerated(made: 'image' | 'video'): XaiError {
  return new XaiError(400, 'imagine:content-moderated', `Generated ${made} rejected by content moderation.`);
}
