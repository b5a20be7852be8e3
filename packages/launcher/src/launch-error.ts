/**
 * Why a start cannot go on, for the person at the terminal: `message` is one sentence that says what to do,
 * `details` are lines to show beneath it, such as a tool's own last words.
 */
export class LaunchError extends Error {
  override readonly name = 'LaunchError';
  readonly details: readonly string[];

  constructor(message: string, options: { cause?: unknown; details?: readonly string[] } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.details = options.details ?? [];
  }
}
