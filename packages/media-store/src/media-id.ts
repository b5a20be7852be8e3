const MEDIA_ID = /^(file|video|image|request|reply)_([0-9a-f]{32})\.(mp4|jpg|png|webp|json|bin)$/;
const KINDS = ['file', 'video', 'image', 'request', 'reply'] as const;

/** The parts of a media id such as `video_0123456789abcdef0123456789abcdef.mp4`. */
export interface MediaId {
  /** The id itself, also the name of the file. */
  id: string;
  /**
   * A `request` is a message between services that was too big for the bus, a `reply` the body of one that is kept for
   * whoever sends its request again.
   */
  kind: (typeof KINDS)[number];
  /** Whether it is what services only hand to each other: such a file is never served to a client under its id. */
  internal: boolean;
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
  bin: 'application/octet-stream',
};
/** The one extension of what is internal; nothing else has it. */
const INTERNAL_EXTENSIONS: Partial<Record<MediaId['kind'], string>> = { request: 'json', reply: 'bin' };

/** Reads a media id, or `undefined` for every other text: nothing else may become part of a path or a key. */
export function parseMediaId(text: string): MediaId | undefined {
  const [id, prefix, hex, extension = ''] = MEDIA_ID.exec(text) ?? [];
  const kind = KINDS.find((each) => each === prefix);
  const contentType = CONTENT_TYPES[extension];
  if (!id || !kind || !hex || !contentType) return undefined;
  const own = INTERNAL_EXTENSIONS[kind];
  const internal = own !== undefined;
  const fits = internal ? extension === own : !Object.values(INTERNAL_EXTENSIONS).includes(extension);
  return fits ? { id, kind, internal, hex, contentType } : undefined;
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
