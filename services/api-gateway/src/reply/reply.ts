import type { ApiError } from '@grok2api/contracts';

/** Where a reply goes. */
export interface Reply {
  /** Whether the client has got the beginning of an answer: its headers at least. */
  readonly started: boolean;
  /** Sends bytes on; resolves when the client takes more. @throws StalledError when it does not for too long */
  write(bytes: Uint8Array): Promise<void>;
  /** The answer is whole. */
  end(): void;
  /** Ends an answer that has started and cannot be made whole. */
  fail(error: ApiError): void;
  /** Gives up what is kept for the reply. */
  dispose(): void;
}
