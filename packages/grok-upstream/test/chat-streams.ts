import { afterEach, beforeEach, expect } from 'vitest';
import { type ChatEvent, createXaiUpstream, type GrokUpstream, type UpstreamChatRequest } from '../src/index.js';
import { type Script, ScriptedServer } from './scripted-server.js';
import { CHAT, credentialFor, readAll } from './support.js';

/** An upstream that streams chats from a scripted server, both new for each test. */
export function chatStreams() {
  let server: ScriptedServer;
  let upstream: GrokUpstream;
  let abort: AbortController;
  beforeEach(async () => {
    server = await ScriptedServer.start();
    upstream = createXaiUpstream({ answerTimeoutMs: 100 });
    abort = new AbortController();
  });
  afterEach(async () => {
    await upstream.close();
    await server.stop();
  });
  const stream = (request: UpstreamChatRequest = CHAT, idleTimeoutMs = 5000) =>
    upstream.streamChat(credentialFor(server.origin), request, { signal: abort.signal, idleTimeoutMs });
  return {
    get server() {
      return server;
    },
    get abort() {
      return abort;
    },
    stream,
    /** All events of a stream that does not fail. */
    eventsOf: async (script: Script, request?: UpstreamChatRequest): Promise<ChatEvent[]> => {
      server.play(script);
      const { events, failure } = await readAll(await stream(request));
      expect(failure).toBeUndefined();
      return events;
    },
    /** What came before the stream failed, and how it did. */
    brokenStream: async (script: Script, idleTimeoutMs?: number, request = CHAT) => {
      server.play(script);
      return await readAll(await stream(request, idleTimeoutMs));
    },
  };
}

export const chunk = (...choices: object[]) => ({
  id: '0b6f1a2c-93d4-4e5f-8a6b-7c8d9e0f1a2b',
  object: 'chat.completion.chunk',
  created: 1_790_000_000,
  model: 'grok-4.7',
  choices,
  system_fingerprint: 'fp_1',
});
export const says = (content: string, index = 0) => chunk({ index, delta: { role: 'assistant', content } });
export const ends = (finish_reason = 'stop', index = 0) => chunk({ index, delta: { content: '' }, finish_reason });
export const uses = (usage: object) => ({ ...chunk(), usage });
export const USAGE = { prompt_tokens: 3, completion_tokens: 4, completion_tokens_details: { reasoning_tokens: 5 } };

export const step = (delta: object, finish_reason: string | null = null, index = 0) => ({
  type: 'deltas',
  choices: [{ index, delta, finish_reason }],
});
export const END = step({}, 'stop');
