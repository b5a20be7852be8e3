/** What a chat completion asks for, in the upstream's terms. */
export interface UpstreamChatRequest {
  /** The upstream's name of the model. */
  model: string;
  messages: UpstreamMessage[];
  temperature?: number;
  topP?: number;
  /** Bounds what is generated, reasoning included. */
  maxTokens?: number;
  /** At most four; reasoning models take none. */
  stop?: string[];
  n?: number;
  seed?: number;
  presencePenalty?: number;
  frequencyPenalty?: number;
  logprobs?: boolean;
  /** At most eight. */
  topLogprobs?: number;
  tools?: UpstreamTool[];
  toolChoice?: 'auto' | 'none' | 'required' | { name: string };
  parallelToolCalls?: boolean;
  responseFormat?: UpstreamResponseFormat;
  /** `none`, `low`, `medium`, `high`, `xhigh`: which of them, and whether any, depends on the model. */
  reasoningEffort?: string;
  user?: string;
}

/** There is no role `developer`: whoever calls turns it into `system`. */
export type UpstreamMessage =
  | { role: 'system'; content: string }
  | { role: 'user'; content: string | UpstreamContentPart[]; name?: string }
  | {
      role: 'assistant';
      content: string | null;
      /** `arguments` is JSON as the model wrote it. */
      toolCalls?: { id: string; name: string; arguments: string }[];
      name?: string;
    }
  | { role: 'tool'; toolCallId: string; content: string };

export type UpstreamContentPart =
  | { type: 'text'; text: string }
  | {
      type: 'image';
      /** An https URL, which the upstream fetches, or a data URL. */
      url: string;
      /** `auto`, `low`, `high`. */
      detail?: string;
    };

export interface UpstreamTool {
  name: string;
  description?: string;
  /** A JSON schema. */
  parameters?: object;
  strict?: boolean | null;
}

export type UpstreamResponseFormat =
  | { type: 'text' }
  | { type: 'json_object' }
  | {
      type: 'json_schema';
      jsonSchema: { name: string; description?: string; schema?: object; strict?: boolean | null };
    };

// What follows has OpenAI's field names, so that it can be sent on as it is.

/** Counts of tokens. Details that the upstream tells are kept. */
export interface ChatUsage {
  prompt_tokens: number;
  /** Reasoning included. */
  completion_tokens: number;
  /** The sum of the two. */
  total_tokens: number;
  prompt_tokens_details?: { cached_tokens?: number; [detail: string]: number | undefined };
  completion_tokens_details?: { reasoning_tokens: number; [detail: string]: number | undefined };
}

export interface ChatToolCall {
  id: string;
  type: 'function';
  /** `arguments` is JSON as the model wrote it, so possibly none. */
  function: { name: string; arguments: string };
}

export interface ChatChoice {
  index: number;
  message: {
    role: 'assistant';
    content: string | null;
    refusal: string | null;
    reasoning_content?: string;
    tool_calls?: ChatToolCall[];
  };
  logprobs: object | null;
  finish_reason: string;
}

/** A whole answer. At least one of its choices is not empty. */
export interface ChatReply {
  choices: ChatChoice[];
  usage?: ChatUsage;
  systemFingerprint?: string;
  /** 10^10 ticks are one USD. */
  costUsdTicks?: number;
}

/** A step of one choice of a streamed answer. It is never empty. */
export interface ChatDelta {
  index: number;
  /** Never has a role: whoever calls begins the choice. */
  delta: {
    content?: string;
    reasoning_content?: string;
    refusal?: string;
    /**
     * xAI sends each call whole, in one delta. A part that goes on with a call of an earlier delta has the index of
     * that call, an empty id and an empty name.
     */
    tool_calls?: (ChatToolCall & { index: number })[];
  };
  logprobs?: object | null;
  finish_reason: string | null;
}

/** `deltas`: exactly one for each chunk of the upstream that carries something. `usage`: at most one, at the end. */
export type ChatEvent =
  | { type: 'deltas'; choices: ChatDelta[] }
  | {
      type: 'usage';
      usage: ChatUsage;
      /** 10^10 ticks are one USD. */
      costUsdTicks?: number;
    };

/** A streamed answer: what comes at once is one step. It can be iterated once. */
export interface ChatStream extends AsyncIterable<ChatEvent[]> {
  readonly systemFingerprint?: string;
}
