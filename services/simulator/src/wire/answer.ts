import { type FileHandle, open } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type EventStream, type EventStreamWatch, firstHalf, sendEvents } from './event-stream.js';

/** The body of an answer. A file is streamed from disk, events as they come due. */
type AnswerBody =
  | { kind: 'empty' }
  | ({ kind: 'events' } & EventStream)
  | { kind: 'json'; value: unknown }
  | { kind: 'text'; text: string }
  | { kind: 'bytes'; bytes: Buffer; type: string }
  | { kind: 'file'; path: string; type: string };

type BytesBody = Exclude<AnswerBody, { kind: 'file' | 'events' }>;

/** A complete answer, not yet sent. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body: AnswerBody;
  /** The job that the answer is about, for the request log. */
  requestId?: string;
}

/** A 200 with a JSON body. */
export function jsonAnswer(value: unknown): Answer {
  return { status: 200, body: { kind: 'json', value } };
}

/**
 * Sends an answer, with its content-length unless it is a stream of events; returns when it is handed to the connection,
 * or when the caller left. `half` sends the head and the first half of the body, then destroys the connection; an empty
 * body is announced as one byte, so that this is never taken for a complete answer.
 * @throws Error when the file of the answer cannot be read; nothing was sent then, or the connection is destroyed
 */
export async function sendAnswer(
  response: ServerResponse,
  answer: Answer,
  part: 'whole' | 'half',
  watch: EventStreamWatch,
): Promise<void> {
  const { body } = answer;
  if (body.kind === 'events') {
    await sendStream(response, answer, part === 'half' ? firstHalf(body) : body, watch);
    return;
  }
  if (body.kind === 'file') {
    const file = await open(body.path);
    try {
      const { size } = await file.stat();
      const source = { size, type: body.type, read: (length: number) => readStart(file, length) };
      await sendBody(response, answer, part, source, watch);
    } finally {
      await file.close();
    }
    return;
  }
  const bytes = bytesOf(body);
  const read = (length: number) => Readable.from([bytes.subarray(0, length)]);
  await sendBody(response, answer, part, { size: bytes.length, type: typeOf(body), read }, watch);
}

async function sendStream(
  response: ServerResponse,
  { status, headers }: Answer,
  stream: EventStream,
  watch: EventStreamWatch,
): Promise<void> {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', ...headers });
  response.flushHeaders();
  await sendEvents(response, stream, watch);
}

const CALLER_GONE = ['ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED', 'ECONNRESET', 'EPIPE'];

interface Source {
  size: number;
  type: string | undefined;
  /** The first so many bytes, more than none. */
  read: (length: number) => Readable;
}

async function sendBody(
  response: ServerResponse,
  answer: Answer,
  part: 'whole' | 'half',
  source: Source,
  watch: EventStreamWatch,
): Promise<void> {
  if (response.destroyed) return;
  const announced = part === 'half' ? Math.max(source.size, 1) : source.size;
  const length = part === 'half' ? Math.floor(source.size / 2) : source.size;
  response.writeHead(answer.status, {
    ...(source.type === undefined ? {} : { 'content-type': source.type }),
    ...answer.headers,
    'content-length': announced,
  });
  const sendsBody = length > 0 && response.req.method !== 'HEAD';
  if (part === 'whole' && !sendsBody) {
    response.end();
    return;
  }
  response.flushHeaders();
  if (sendsBody) await sendStart(response, source.read(length), part);
  if (part === 'half') {
    if (!response.destroyed) watch.cut();
    response.destroy();
  }
}

async function sendStart(response: ServerResponse, bytes: Readable, part: 'whole' | 'half'): Promise<void> {
  try {
    if (part === 'whole') await pipeline(bytes, response);
    else for await (const chunk of bytes) await written(response, chunk);
  } catch (err) {
    // The caller left. That is no failure of the answer: the request log records it.
    if (!isCallerGone(err)) throw err;
  }
}

function isCallerGone(err: unknown): boolean {
  const code = err instanceof Error && 'code' in err ? err.code : undefined;
  return typeof code === 'string' && CALLER_GONE.includes(code);
}

function written(response: ServerResponse, chunk: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    response.write(chunk, (err) => (err ? reject(err) : resolve()));
  });
}

function readStart(file: FileHandle, length: number): Readable {
  return file.createReadStream({ start: 0, end: length - 1, autoClose: false });
}

function bytesOf(body: BytesBody): Buffer {
  if (body.kind === 'empty') return Buffer.alloc(0);
  if (body.kind === 'bytes') return body.bytes;
  return Buffer.from(body.kind === 'json' ? JSON.stringify(body.value) : body.text);
}

function typeOf(body: BytesBody): string | undefined {
  if (body.kind === 'empty') return undefined;
  if (body.kind === 'bytes') return body.type;
  return body.kind === 'json' ? 'application/json' : 'text/plain; charset=utf-8';
}
