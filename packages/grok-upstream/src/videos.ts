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
