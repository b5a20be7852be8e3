import type { Credential } from '@grok2api/contracts';
import type { ChatEvent } from '../chat.js';
import { UnusableAnswer } from './call-failure.js';
import type { ChatChunks } from './chat-chunks.js';
import type { OpenBody } from './open-body.js';
import { refusalOf } from './refusal.js';
import { readSseData } from './sse-data.js';

// How long the usage and [DONE] may take when every choice has ended.
const SETTLE_MS = 2000;

/**
 * The events of an answer, read until it is whole; what goes wrong after its last choice ended is no fault. Closes the
 * connection when it is left or fails.
 * @throws UpstreamError for an error among the chunks, UnusableAnswer, what the connection throws
 */
export async function* readChatEvents(
  body: OpenBody,
  chunks: ChatChunks,
  credential: Credential,
): AsyncGenerator<ChatEvent[]> {
  let settling: NodeJS.Timeout | undefined;
  let done = false;
  try {
    for await (const batch of readSseData(body)) {
      const read = readBatch(batch, chunks, credential);
      if (read.events.length > 0) yield read.events;
      if (read.failure) throw read.failure.cause;
      done = read.done;
      if (done) break;
      if (chunks.finished) settling ??= setTimeout(() => body.destroy(), SETTLE_MS);
    }
    if (!done && !chunks.finished) {
      throw new UnusableAnswer(chunks.carriesSomething ? 'the answer was cut' : 'the answer is empty');
    }
  } catch (err) {
    if (!chunks.finished) throw err;
  } finally {
    clearTimeout(settling);
    if (done) body.discard();
    else body.destroy();
  }
  const usage = chunks.usage;
  if (usage) yield [{ type: 'usage', ...usage }];
}

/** What came at once: its events up to the end of the answer, or up to what is wrong. */
function readBatch(batch: readonly string[], chunks: ChatChunks, credential: Credential) {
  const events: ChatEvent[] = [];
  try {
    for (const data of batch) {
      if (data === '[DONE]') return { events, done: true };
      const chunk = parseChunk(data);
      if (carriesError(chunk)) throw refusalOf('chat', answerWith(data, chunk), credential);
      const choices = chunks.read(chunk);
      if (choices.length > 0) events.push({ type: 'deltas', choices });
    }
    return { events, done: false };
  } catch (cause) {
    return { events, done: false, failure: { cause } };
  }
}

function parseChunk(data: string): object {
  let chunk: unknown;
  try {
    chunk = JSON.parse(data);
  } catch (cause) {
    throw new UnusableAnswer('a chunk of the answer cannot be read', { cause });
  }
  if (typeof chunk !== 'object' || chunk === null || Array.isArray(chunk)) {
    throw new UnusableAnswer('a chunk of the answer cannot be read');
  }
  return chunk;
}

function carriesError(chunk: object): boolean {
  return 'error' in chunk && chunk.error !== null && chunk.error !== undefined;
}

// As if it had come in place of the chunks.
function answerWith(text: string, json: object) {
  return { status: 200, text, json, complete: true, retryAfterMs: undefined };
}
