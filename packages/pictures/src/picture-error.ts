/** A picture cannot be had, is none, or is not taken. The message may be shown to the client. */
export class PictureError extends Error {
  override readonly name = 'PictureError';
}
