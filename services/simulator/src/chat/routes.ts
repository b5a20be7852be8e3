import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, jsonAnswer } from '../wire/answer.js';
import type { EventStream } from '../wire/event-stream.js';
import { keySha256 } from '../wire/key-hash.js';
import type { WireRequest, WireRoute } from '../wire/route.js';
import { XaiError } from '../wire/xai-error.js';
import { chunkEvents } from './chunks.js';
import { completion, completionMs } from './completion.js';
import { describePictures } from './describe-pictures.js';
import { generate } from './generate.js';
import { type MagicWords, readMagicWords } from './magic-words.js';
import { promptOf } from './message.js';
import type { Reply } from './reply.js';
import { type ChatRequest, parseChatRequest } from './request.js';
import { usageOf } from './usage.js';

/** What the chat route works with. */
export interface ChatRouteParts {
  now: () => number;
  /** Time between two tokens, in milliseconds. */
  tokenMs: number;
}

/** Chat completions, streamed or not. */
export function chatRoutes(parts: ChatRouteParts): WireRoute[] {
  return [
    {
      method: 'POST',
      template: '/v1/chat/completions',
      needsKey: true,
      generation: 'chat',
      handle: (request) => complete(parts, request),
    },
  ];
}

async function complete({ now, tokenMs }: ChatRouteParts, request: WireRequest): Promise<Answer> {
  const chat = parseChatRequest(request.body);
  const magic = readMagicWords(promptOf(chat.messages));
  if (magic.instead === 'moderation') throw contentModerated(chat, request.key);
  const reply = await makeReply(chat, magic, tokenMs);
  if (magic.instead === 'error') {
    return jsonAnswer({ code: 'internal-error', error: 'The service is currently unable to answer.' });
  }
  if (chat.stream) {
    return { status: 200, body: { kind: 'events', events: chunkEvents(reply, now), end: endOf(magic) } };
  }
  await delay(completionMs(reply), undefined, { signal: request.signal });
  return jsonAnswer(completion(reply, Math.floor(now() / 1000)));
}

async function makeReply(chat: ChatRequest, magic: MagicWords, tokenMs: number): Promise<Reply> {
  const pictures = await describePictures(chat.messages);
  const choices = generate(chat, { magic, pictures, newId: randomUUID });
  return {
    id: randomUUID(),
    model: chat.model.id,
    choices,
    usage: usageOf(chat, choices),
    topLogprobs: chat.topLogprobs,
    magic,
    paceMs: magic.paceMs ?? tokenMs,
  };
}

function endOf({ end }: MagicWords): EventStream['end'] {
  return end === undefined || end.kind === 'error' ? 'complete' : end.kind;
}

function contentModerated({ model }: ChatRequest, key: string): XaiError {
  return new XaiError(
    403,
    'permission-denied',
    `Content violates usage guidelines. Team: simulated-team, API key ID: ${keySha256(key).slice(0, 32)}, ` +
      `Model: ${model.id}, Failed check: SAFETY_CHECK_TYPE_VIOLENCE`,
  );
}
