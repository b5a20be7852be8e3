import type { GrokUpstream } from '../grok-upstream.js';
import { checkKey } from './api-key.js';
import { completeChat } from './chat.js';
import { streamChat } from './chat-stream.js';
import { type ClientSettings, XaiClient } from './client.js';
import { createImages } from './images.js';
import { listModels } from './models.js';
import { createVideo, pollVideo } from './videos.js';

/** Limits of the xAI driver; what is not given has a default. */
export type XaiSettings = Partial<ClientSettings>;

// To give up a create may cost a paid video, to give up another call costs nothing: they do not wait equally long.
const DEFAULTS: ClientSettings = {
  connectTimeoutMs: 10_000,
  createTimeoutMs: 120_000,
  answerTimeoutMs: 20_000,
  maxAnswerBytes: 1_048_576,
  // Logprobs of many tokens in several choices; a text alone hardly reaches one of them.
  maxChatAnswerBytes: 33_554_432,
  maxImageBytes: 20_971_520,
  proxyUrl: undefined,
  now: Date.now,
};

/** GrokUpstream over xAI's HTTP API. Opens no connection before the first call. */
export function createXaiUpstream(settings: XaiSettings = {}): GrokUpstream {
  const client = new XaiClient({ ...DEFAULTS, ...settings });
  return {
    completeChat: (credential, request, options) => completeChat(client, credential, request, options),
    streamChat: (credential, request, options) => streamChat(client, credential, request, options),
    createImages: (credential, request, options) => createImages(client, credential, request, options),
    createVideo: (credential, request, options) => createVideo(client, credential, request, options),
    pollVideo: (credential, jobId, options) => pollVideo(client, credential, jobId, options),
    listModels: (credential, options) => listModels(client, credential, options),
    checkKey: (credential, options) => checkKey(client, credential, options),
    close: () => client.close(),
  };
}
