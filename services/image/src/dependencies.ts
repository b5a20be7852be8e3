import type { CredentialClient } from '@grok2api/credential-client';
import type { GrokUpstream } from '@grok2api/grok-upstream';
import type { MediaStore } from '@grok2api/media-store';
import type { UpstreamPictures } from '@grok2api/pictures';
import type { Counter, Logger } from '@grok2api/service-kit';
import type { UsageReporter } from '@grok2api/usage-client';

/** What making images needs from outside. */
export interface ImageDependencies {
  credentials: CredentialClient;
  usage: UsageReporter;
  upstream: GrokUpstream;
  media: MediaStore;
  /** For edits. */
  pictures: UpstreamPictures;
  /** How long the upstream may take for one request or task, in ms. */
  timeoutMs: number;
  /** How long to wait while every credential is busy, in ms. */
  credentialWaitMs: number;
  log: Logger;
  /** Counts images by what became of them. */
  imageCounter: Counter<'result'>;
  /** 16 random bytes in hex. */
  randomHex: () => string;
  now: () => number;
  /** 0 to 1, for jitter. */
  random: () => number;
}
