const MEDIA_ID = /^(file|video|image|request)_([0-9a-f]{32})\.(mp4|jpg|png|webp|json)$/;
const KINDS = ['file', 'video', 'image', 'request'] as const;

/** The parts of a media id such as `video_0123456789abcdef0123456789abcdef.mp4`. */
export interface MediaId {
  /** The id itself, also the name of the file. */
  id: string;
  /** A `request` is a message between services that was too big for the bus; it is never served to a client. */
  kind: (typeof KINDS)[number];
  /** 32 lower-case hexadecimal digits. */
  hex: string;
  contentType: string;
}

/** A text that is no media id reached the store. */
export class InvalidMediaIdError extends Error {
  override readonly name = 'InvalidMediaIdError';
}

const CONTENT_TYPES: Record<string, string> = {
  mp4: 'video/mp4',
  jpg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  json: 'application/json',
};

/** Reads a media id, or `undefined` for every other text: nothing else may become part of a path or a key. */
export function parseMediaId(text: string): MediaId | undefined {
  const [id, prefix, hex, extension = ''] = MEDIA_ID.exec(text) ?? [];
  const kind = KINDS.find((each) => each === prefix);
  const contentType = CONTENT_TYPES[extension];
  if (!id || !kind || !hex || !contentType) return undefined;
  return (kind === 'request') === (extension === 'json') ? { id, kind, hex, contentType } : undefined;
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
