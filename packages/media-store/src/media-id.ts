/** The parts of a media id such as `video_0123456789abcdef0123456789abcdef.mp4`. */
export interface MediaId {
  /** The id itself, also the name of the file. */
  id: string;
  /** 32 lower-case hexadecimal digits. */
  hex: string;
  contentType: string;
}

/** A text that is no media id reached the store. */
export class InvalidMediaIdError extends Error {
  override readonly name = 'InvalidMediaIdError';
}

const MEDIA_ID = /^(file|video|image)_([0-9a-f]{32})\.(mp4|jpg|png|webp)$/;

const CONTENT_TYPES: Record<string, string> = {
  mp4: 'video/mp4',
  jpg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
};

/** Reads a media id, or `undefined` for every other text: nothing else may become part of a path or a key. */
export function parseMediaId(text: string): MediaId | undefined {
  const [id, , hex, extension = ''] = MEDIA_ID.exec(text) ?? [];
  const contentType = CONTENT_TYPES[extension];
  return id && hex && contentType ? { id, hex, contentType } : undefined;
}

/**
 * Reads a media id that a caller of the store gives.
 * @throws InvalidMediaIdError
 */
export function requireMediaId(text: string): MediaId {
  const parsed = parseMediaId(text);
  if (!parsed) throw new InvalidMediaIdError('not a media id');
  return parsed;
}
