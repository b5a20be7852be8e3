import type { Credential } from '@grok2api/contracts';
import type { ChatEvent, ChatStream, UpstreamChatRequest } from '../chat.js';
import type { CallOptions } from '../grok-upstream.js';
import { answerOf, readBody } from './answer.js';
import { failureOf, UnusableAnswer } from './call-failure.js';
import { ChatChunks } from './chat-chunks.js';
import { readChatEvents } from './chat-events.js';
import { chatBody } from './chat-request.js';
import type { OpenAnswer, XaiClient } from './client.js';
import { isSuccess } from './faults.js';
import { OpenBody } from './open-body.js';
import { refusalOf } from './refusal.js';

/** `POST /chat/completions`, streamed. @throws UpstreamError when nothing came that carries something */
export async function streamChat(
  client: XaiClient,
  credential: Credential,
  request: UpstreamChatRequest,
  options: CallOptions & { idleTimeoutMs: number },
): Promise<ChatStream> {
  const body = { ...chatBody(request), stream: true, stream_options: { include_usage: true } };
  const call = { kind: 'chat', method: 'POST', path: '/chat/completions', body } as const;
  const answer = await client.open(credential, call, options);
  const open = new OpenBody(answer.body);
  try {
    if (!isSuccess(answer.statusCode) || (await isDocument(open))) {
      throw await refusalIn(client, credential, answer, open);
    }
    const chunks = new ChatChunks(request.n ?? 1);
    const events = readChatEvents(open, chunks, credential);
    const held: ChatEvent[][] = [];
    while (!chunks.carriesSomething) {
      const { value, done } = await events.next();
      if (done) throw new UnusableAnswer('the answer is empty');
      held.push(value);
    }
    return new OpenChat(open, chunks.systemFingerprint, held, events, options.signal);
  } catch (cause) {
    open.destroy();
    throw failureOf(cause, options.signal.aborted, 'no');
  }
}

class OpenChat implements ChatStream, AsyncIterator<ChatEvent[]> {
  readonly systemFingerprint?: string;
  readonly #open: OpenBody;
  readonly #held: ChatEvent[][];
  readonly #events: AsyncGenerator<ChatEvent[]>;
  readonly #signal: AbortSignal;
  #left = false;

  constructor(
    open: OpenBody,
    systemFingerprint: string | undefined,
    held: ChatEvent[][],
    events: AsyncGenerator<ChatEvent[]>,
    signal: AbortSignal,
  ) {
    if (systemFingerprint !== undefined) this.systemFingerprint = systemFingerprint;
    this.#open = open;
    this.#held = held;
    this.#events = events;
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): AsyncIterator<ChatEvent[]> {
    return this;
  }

  async next(): Promise<IteratorResult<ChatEvent[]>> {
    const events = this.#held.shift();
    if (events) return { value: events, done: false };
    try {
      return await this.#events.next();
    } catch (cause) {
      throw failureOf(cause, this.#left || this.#signal.aborted, 'no');
    }
  }

  // A generator alone would first wait for the event that is being read.
  async return(): Promise<IteratorResult<ChatEvent[]>> {
    this.#left = true;
    this.#held.length = 0;
    this.#open.destroy();
    return await this.#events.return(undefined);
  }
}

async function refusalIn(client: XaiClient, credential: Credential, head: OpenAnswer, body: OpenBody): Promise<Error> {
  const { maxAnswerBytes, now } = client.settings;
  return refusalOf('chat', answerOf(head, await readBody(body, maxAnswerBytes), now()), credential);
}

const MAX_BLANK_BYTES = 1024;

// JSON or HTML where events were asked for, whatever its content type: no line of events begins so.
async function isDocument(body: OpenBody): Promise<boolean> {
  const seen: Buffer[] = [];
  let blankBytes = 0;
  let start = '';
  while (start === '' && blankBytes < MAX_BLANK_BYTES) {
    const chunk = await body.read();
    if (!chunk) break;
    seen.push(chunk);
    blankBytes += chunk.length;
    start = chunk.toString('latin1').trimStart();
  }
  body.unread(seen);
  return /^[{[<"]/.test(start);
}
