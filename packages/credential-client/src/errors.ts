/** A restart of the token pool takes about as long. */
export const POOL_RETRY_MS = 1_000;

/** The token pool has no such credential. Trying again does not help. */
export class UnknownCredentialError extends Error {
  override readonly name = 'UnknownCredentialError';
  constructor(readonly credentialId: string) {
    super(`no credential ${credentialId}`);
  }
}

/** The client was closed and gives no grants any more. */
export class ClosedError extends Error {
  override readonly name = 'ClosedError';
  constructor() {
    super('the credential client is closed');
  }
}

/** No credential can serve the model at the moment. */
export class NoCredentialError extends Error {
  override readonly name: string = 'NoCredentialError';
  constructor(
    /** `busy`: all are in use; `cooling`: all rest; `no_credential`: none is able; `pool_unavailable`: nobody tells. */
    readonly reason: 'busy' | 'cooling' | 'no_credential' | 'pool_unavailable',
    /** When the first one may be back. */
    readonly retryAfterMs: number,
    cause?: unknown,
  ) {
    super(`no credential can serve: ${reason}`, { cause });
  }
}

/** The token pool did not answer, or with an error. Trying again later may help. */
export class PoolUnavailableError extends NoCredentialError {
  override readonly name = 'PoolUnavailableError';
  constructor(cause?: unknown) {
    super('pool_unavailable', POOL_RETRY_MS, cause);
  }
}
