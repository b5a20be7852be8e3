/** A picture cannot be had, is none, or is not taken. The message may be shown to the client. */
export class PictureError extends Error {
  override readonly name = 'PictureError';
}

/** The reasons that more than one place finds. */
export const NOT_A_PICTURE = 'it is neither PNG, JPEG nor WebP';
export const BROKEN = 'it is broken or incomplete';
export const NOT_KEPT = 'the upload is no longer kept';
