/** A request as somebody would write it who has the API only. */
export interface SampleRequest {
  /** The route, with `/v1`. */
  path: string;
  json?: Record<string, unknown>;
  form?: {
    fields: Readonly<Record<string, string>>;
    files: readonly { field: string; name: string }[];
  };
  /** Whether the answer comes as server-sent events. */
  streams: boolean;
  /** Begins the path of the stream on which the task is watched that the answer names. */
  watch?: string;
}

/** Where the server is, and whether it wants a key. */
export interface SampleServer {
  origin: string;
  needsKey: boolean;
}

/** The environment variable that holds the client's key. */
export const KEY_VARIABLE = 'GROK2API_KEY';
