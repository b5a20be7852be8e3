import type { Credential, ModelKind } from '@grok2api/contracts';

/** How one call is made. */
export interface CallOptions {
  /** Ends the call and closes its connection; the call then throws an UpstreamError with the fault `aborted`. */
  signal: AbortSignal;
  /** Sent as `x-request-id`, so that the upstream's log can be matched with ours. Printable ASCII. */
  requestId?: string;
}

/** A video to be made, in the upstream's terms. */
export interface UpstreamVideoRequest {
  /** The upstream's name of the model. */
  model: string;
  prompt: string;
  /** Whole seconds. */
  durationS: number;
  /** `16:9`. */
  aspectRatio: string;
  /** `480p` or `720p`. */
  resolution: string;
  /** The first frame: an https or data URL. */
  imageUrl?: string;
}

/**
 * Why a job that the upstream accepted ended without a video: its content was refused; the request was wrong; the
 * upstream could not make it or gave it up.
 */
export type VideoJobFault = 'moderated' | 'bad_request' | 'upstream_failed';

/** A video job as the upstream tells it. `done` and `failed` are final. */
export type VideoJob =
  | {
      status: 'pending';
      /** Whole percent, 0 to 100, when the upstream tells it. It may go back between polls. */
      progress?: number;
    }
  | {
      status: 'done';
      /** An http(s) URL that lives for about a day. It comes from the upstream, not from us: fetch it with care. */
      url: string;
      durationS?: number;
      /** 10^10 ticks are one USD. */
      costUsdTicks?: number;
    }
  | {
      status: 'failed';
      fault: VideoJobFault;
      /** What the upstream said: at most 300 characters, without secrets and markup. */
      message: string;
    };

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
