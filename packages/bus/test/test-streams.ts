import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { StreamRpc } from '@grok2api/contracts';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import type { OpenStreamOptions } from '../src/index.js';

let subjects = 0;

/** A request for a stream, to a service that no other test uses. */
export function textRpc() {
  const service = `stream-${++subjects}`;
  return { subject: `test.${service}`, service, request: z.string() } satisfies StreamRpc<z.ZodType>;
}

/** How a stream is opened where a test does not care. */
export function openOptions(options: Partial<OpenStreamOptions> = {}): OpenStreamOptions {
  return { requestId: 'req_1', deadlineMs: 60_000, signal: new AbortController().signal, ...options };
}

/** The chunks of a stream as texts. */
export async function texts(stream: AsyncIterable<Uint8Array>): Promise<string[]> {
  const read: string[] = [];
  for await (const chunk of stream) read.push(Buffer.from(chunk).toString());
  return read;
}

/** What the reading of a stream throws, and after how many milliseconds. */
export async function failure(stream: AsyncIterable<Uint8Array>): Promise<{ err: unknown; afterMs: number }> {
  const begun = performance.now();
  const err = await texts(stream).then(
    (read) => new Error(`it ended well: ${read.length} chunks`),
    (cause: unknown) => cause,
  );
  return { err, afterMs: performance.now() - begun };
}

/** Resolves to the signal's reason when it is aborted, and after how many milliseconds. */
export async function aborted(signal: AbortSignal): Promise<{ reason: unknown; afterMs: number }> {
  const begun = performance.now();
  if (!signal.aborted) await once(signal, 'abort');
  return { reason: signal.reason, afterMs: performance.now() - begun };
}

/** A promise, and what resolves it. */
export function gate<Value = void>() {
  let open: (value: Value) => void = () => {};
  const opened = new Promise<Value>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

/** Starts a stand-in of another process; resolves at its first word. It is killed when the test is over. */
export async function standIn(name: 'responder' | 'requester', env: Record<string, string>): Promise<ChildProcess> {
  const path = fileURLToPath(new URL(`./stand-ins/${name}.mjs`, import.meta.url));
  const child = fork(path, { env: { PATH: process.env.PATH, ...env } });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'message');
  return child;
}
