import type { Credential } from '@grok2api/contracts';
import fc from 'fast-check';
import { expect } from 'vitest';
import {
  type ChatEvent,
  type ChatStream,
  type UpstreamChatRequest,
  UpstreamError,
  type UpstreamImageRequest,
  type UpstreamVideoRequest,
} from '../src/index.js';

export const SECRET = 'xai-Abcdefghijklmnop0123456789';

export const VIDEO: UpstreamVideoRequest = {
  model: 'grok-imagine-video-1.5',
  prompt: '一只猫 in the rain',
  durationS: 6,
  aspectRatio: '16:9',
  resolution: '480p',
};

export const IMAGE: UpstreamImageRequest = { model: 'grok-imagine-image-2.0', prompt: '一只猫', n: 2 };

export const CHAT: UpstreamChatRequest = { model: 'grok-4.7', messages: [{ role: 'user', content: '你好' }] };

export function credentialFor(origin: string, secret = SECRET): Credential {
  return { id: 'cred-1', secret, base_url: `${origin}/v1` };
}

/** A signal that nobody aborts. */
export function untilDone(): { signal: AbortSignal } {
  return { signal: new AbortController().signal };
}

/** The UpstreamError that a call throws; fails when it throws none. Every one is checked for the secret. */
export async function failureOf(call: Promise<unknown>): Promise<UpstreamError> {
  const result = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!('error' in result)) throw new Error(`expected an error, got ${JSON.stringify(result.value)}`);
  if (!(result.error instanceof UpstreamError)) throw result.error;
  expect(result.error.message).not.toContain(SECRET);
  expect(result.error.message.length).toBeLessThanOrEqual(300);
  expect(result.error.message).not.toBe('');
  return result.error;
}

/** All events of a stream, and how it failed if it did. */
export async function readAll(
  stream: ChatStream,
): Promise<{ events: ChatEvent[]; failure: UpstreamError | undefined }> {
  const events: ChatEvent[] = [];
  try {
    for await (const batch of stream) events.push(...batch);
  } catch (err) {
    return { events, failure: await failureOf(Promise.reject(err)) };
  }
  return { events, failure: undefined };
}

/** Where to split something into parts, as fractions of its length. */
export const splits = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });

/** The parts, some of them possibly empty. */
export function partsOf(whole: Buffer, cuts: readonly number[]): Buffer[] {
  const places = cuts.map((cut) => Math.floor(cut * whole.length)).sort((a, b) => a - b);
  const edges = [0, ...places, whole.length];
  return edges.slice(1).map((edge, at) => whole.subarray(edges[at], edge));
}
