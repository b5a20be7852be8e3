/** The picture for the first frame cannot be had or is none. The message may be shown to the client. */
export class FirstFrameError extends Error {
  override readonly name = 'FirstFrameError';
}
