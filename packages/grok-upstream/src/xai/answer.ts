import type { Dispatcher } from 'undici';
import { UnusableAnswer } from './call-failure.js';
import { parseRetryAfter } from './retry-after.js';

/** An answer that arrived, whatever its status. */
export interface XaiAnswer {
  status: number;
  text: string;
  /** The body as JSON, undefined when it is none. */
  json: unknown;
  /** Whether the body is whole. */
  complete: boolean;
  retryAfterMs: number | undefined;
}

/** Status line and headers of an answer. */
export type AnswerHead = Pick<Dispatcher.ResponseData, 'statusCode' | 'headers'>;

/** Reads a body into memory. @throws UnusableAnswer when it is longer than it may be, what the connection throws */
export async function readBody(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop by an error destroys the body and with it the connection.
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new UnusableAnswer(`the answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** What an answer says. */
export function answerOf({ statusCode, headers }: AnswerHead, body: Buffer, now: number): XaiAnswer {
  const text = body.toString('utf8');
  const json = parseJson(text);
  // The end of a body without a length is the end of its connection, which a cut looks like.
  const framed = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  const retryAfter = headers['retry-after'];
  return {
    status: statusCode,
    text,
    json,
    complete: framed || json !== undefined,
    retryAfterMs: parseRetryAfter(Array.isArray(retryAfter) ? retryAfter[0] : retryAfter, now),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is an answer here: undefined.
    return undefined;
  }
}
