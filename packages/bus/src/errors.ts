/** Nobody serves the subject at the moment. */
export class NoResponderError extends Error {
  override readonly name = 'NoResponderError';
  constructor(
    readonly subject: string,
    cause?: unknown,
  ) {
    super(`nobody answers on ${subject}`, { cause });
  }
}

/** No reply came in time, or the connection is down. */
export class BusTimeoutError extends Error {
  override readonly name = 'BusTimeoutError';
  constructor(
    readonly subject: string,
    cause?: unknown,
  ) {
    super(`no reply on ${subject} in time`, { cause });
  }
}

/** The responder answered with an error, or with something that is no reply of this subject. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError';
  constructor(
    readonly subject: string,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
