/** Images to be made or edited, in the upstream's terms. */
export interface UpstreamImageRequest {
  /** The upstream's name of the model. */
  model: string;
  prompt: string;
  /** 1 to 10. */
  n: number;
  /** `16:9`, or `auto`. */
  aspectRatio?: string;
  resolution?: '1k' | '2k';
  /** Not every model takes it. */
  quality?: 'low' | 'medium' | 'auto';
  user?: string;
  /** What to edit: https or data URLs of JPEG, PNG or WebP files. With any of them it is an edit. */
  images?: string[];
}

export interface UpstreamImage {
  /** The file. That it is an image is the upstream's claim. */
  bytes: Uint8Array;
  /** As the upstream names it, which it may do wrongly. */
  mimeType: string;
  revisedPrompt?: string;
}

/** What came of a request for images: at least one. */
export interface UpstreamImages {
  images: UpstreamImage[];
  /** How many were refused for their content. */
  refused: number;
  /** How many came empty, too large, without data (as a URL alone, say) or with data that is no base64. */
  broken: number;
  /** 10^10 ticks are one USD. */
  costUsdTicks?: number;
}
