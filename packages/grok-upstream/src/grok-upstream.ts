import type { Credential, ModelKind } from '@grok2api/contracts';
import type { ChatReply, ChatStream, UpstreamChatRequest } from './chat.js';
import type { UpstreamImageRequest, UpstreamImages } from './images.js';
import type { UpstreamVideoRequest, VideoJob } from './videos.js';

/** How one call is made. */
export interface CallOptions {
  /** Ends the call and closes its connection; the call then throws an UpstreamError with the fault `aborted`. */
  signal: AbortSignal;
  /** Sent as `x-request-id`, so that the upstream's log can be matched with ours. Printable ASCII. */
  requestId?: string;
}

/** A model that the upstream offers. */
export interface UpstreamModel {
  kind: ModelKind;
  id: string;
  /** Other names that the upstream takes for it. */
  aliases: string[];
  /** When it came out, in seconds since 1970, where the upstream tells it. */
  created?: number | undefined;
}

/** Whether a key can be used at all, and what for. */
export type KeyState =
  | {
      usable: true;
      /** What the key may do, in the upstream's own words. */
      acls: string[];
    }
  | { usable: false; reason: 'wrong_key' | 'key_blocked' | 'key_disabled' | 'team_blocked' };

/**
 * Grok, as the services see it. No call is repeated by itself. Every call that fails throws an UpstreamError, which
 * says what it means for the credential and whether a create may be tried again.
 */
export interface GrokUpstream {
  /**
   * The whole answer to a chat. No clock runs: the caller's signal is the deadline.
   * @throws UpstreamError, also when the answer is a success without content (`transient`); `submitted` is always `no`,
   *   since a chat may be asked again elsewhere
   */
  completeChat(credential: Credential, request: UpstreamChatRequest, options: CallOptions): Promise<ChatReply>;

  /**
   * The answer to a chat as it is made. Resolves when the first event that carries something is there, so that
   * everything that goes wrong before may be tried elsewhere. Iterating throws when the answer is cut, silent for too
   * long, or carries an error; to leave the iteration closes the connection at once, and so does the signal. The answer
   * must be iterated, or the signal aborted: nothing else frees its connection.
   * @param options.idleTimeoutMs the longest silence of the upstream, give or take a second, from the request to the
   *   last byte; what keeps the connection alive without carrying anything breaks the silence
   * @throws UpstreamError as `completeChat` does
   */
  streamChat(
    credential: Credential,
    request: UpstreamChatRequest,
    options: CallOptions & { idleTimeoutMs: number },
  ): Promise<ChatStream>;

  /**
   * Asks for images, once, on a connection of its own, and waits for them.
   * @param options.timeoutMs for the whole of it, to the last byte
   * @throws UpstreamError; ask again only when its `submitted` is `no`. Also when no image came: `moderated` when any
   *   was refused, else `transient`
   */
  createImages(
    credential: Credential,
    request: UpstreamImageRequest,
    options: CallOptions & { timeoutMs: number },
  ): Promise<UpstreamImages>;

  /**
   * Asks for a video, once, on a connection of its own.
   * @throws UpstreamError; create again only when its `submitted` is `no`
   */
  createVideo(credential: Credential, request: UpstreamVideoRequest, options: CallOptions): Promise<{ jobId: string }>;

  /**
   * Asks how a job is, with the credential that created it. A job that the upstream refuses for good is `failed`.
   * @throws UpstreamError only with the faults `transient` (poll again), `job_gone` (believe it after three in a row)
   *   and `aborted`; also `credential_dead` when the credential cannot be put into a request
   */
  pollVideo(credential: Credential, jobId: string, options: CallOptions): Promise<VideoJob>;

  /**
   * Every model that the credential can see.
   * @throws UpstreamError
   */
  listModels(credential: Credential, options: CallOptions): Promise<UpstreamModel[]>;

  /**
   * Whether the key works; the cheapest call there is. A wrong or blocked key is an answer, not an error.
   * @throws UpstreamError when the upstream did not tell
   */
  checkKey(credential: Credential, options: CallOptions): Promise<KeyState>;

  /** Closes the idle connections, once the calls in flight have ended. No call may be begun afterwards. */
  close(): Promise<void>;
}
