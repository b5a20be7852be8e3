import type { CredentialClient } from '@grok2api/credential-client';
import type { GrokUpstream, VideoPreset } from '@grok2api/grok-upstream';
import type { MediaStore } from '@grok2api/media-store';
import type { UpstreamPictures } from '@grok2api/pictures';
import type { SafeFetch } from '@grok2api/safe-fetch';
import type { UsageReporter } from '@grok2api/usage-client';

/** What making a video needs from outside. */
export interface VideoDependencies {
  credentials: CredentialClient;
  upstream: GrokUpstream;
  media: MediaStore;
  safeFetch: SafeFetch;
  /** For first frames. */
  pictures: UpstreamPictures;
  usage: UsageReporter;
  presetSuffixes: Readonly<Record<VideoPreset, string>>;
  /** Milliseconds from the upstream's create to the task's deadline. */
  deadlineMs: number;
  /** Largest result file, in bytes. */
  maxResultBytes: number;
  now: () => number;
  /** 0 to 1, for jitter. */
  random: () => number;
}
