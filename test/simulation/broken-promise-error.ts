/** Something happened that the system promises never to happen. */
export class BrokenPromiseError extends Error {
  override readonly name = 'BrokenPromiseError';
}
