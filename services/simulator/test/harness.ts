import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ffmpeg from '@ffmpeg-installer/ffmpeg';
import ffprobe from '@ffprobe-installer/ffprobe';
import { createLogger, httpMetrics, Metrics, readSettings } from '@grok2api/service-kit';
import { onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { settingsSchema } from '../src/settings.js';
import { startSimulator } from '../src/simulator.js';

const run = promisify(execFile);

export const KEY = 'test-key-0001';
export const OTHER_KEY = 'test-key-0002';
export const MODEL = 'grok-imagine-video';

/** A directory that is gone after the test. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'simulator-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A running simulator and short ways to ask it. It stops after the test. */
export async function startTestSimulator(env: Record<string, string> = {}, now: () => number = Date.now) {
  const directory = env.DATA_DIR ?? (await temporaryDirectory());
  const settings = readSettings(settingsSchema, {
    SIMULATOR_VIDEO_MS: '0',
    SIMULATOR_TOKEN_MS: '0',
    SIMULATOR_IMAGE_MS: '0',
    ...env,
    DATA_DIR: directory,
  });
  const warnings: string[] = [];
  const log = createLogger({
    service: 'simulator',
    instance: 'test',
    level: 'warn',
    destination: { write: (line) => void warnings.push(line) },
  });
  const simulator = await startSimulator(settings, { log, http: httpMetrics(new Metrics('simulator')), now });
  onTestFinished(() => simulator.close());
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(simulator.url + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parseJson(text) };
  };
  const ask = (method: string, path: string, body?: unknown, key = KEY) =>
    call(method, path, body, { authorization: `Bearer ${key}` });
  return {
    ...simulator,
    /** The lines it logged from level warn on. */
    warnings,
    call,
    ask,
    create: async (body: Record<string, unknown> = {}, key = KEY) => {
      const answer = await ask('POST', '/v1/videos/generations', { model: MODEL, prompt: 'a cat', ...body }, key);
      if (answer.status !== 200) throw new Error(`create: ${answer.status} ${answer.text}`);
      return z.strictObject({ request_id: z.uuid() }).parse(answer.json).request_id;
    },
    poll: (id: string, key = KEY) => ask('GET', `/v1/videos/${id}`, undefined, key),
    /** Polls until the job ended; what it ended with. */
    untilDone: async (id: string) =>
      vi.waitFor(
        async () => {
          const answer = await ask('GET', `/v1/videos/${id}`);
          if (answer.status === 202) throw new Error('still pending');
          return z.object({ status: z.string(), video: videoSchema.optional() }).parse(answer.json);
        },
        { timeout: 20_000, interval: 30 },
      ),
    /** Asks for a chat answer of the model that does not reason, unless the body says otherwise. */
    chat: (prompt: string, body: Record<string, unknown> = {}, key = KEY) =>
      ask('POST', '/v1/chat/completions', chatBody(prompt, body), key),
    /** Asks for a streamed chat answer; returns with its head. */
    openStream: (prompt: string, init: RequestInit = {}) =>
      fetch(`${simulator.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
        body: JSON.stringify(chatBody(prompt, { stream: true })),
        ...init,
      }),
    /** Asks for a streamed chat answer and reads it to its end. */
    streamChat: async (prompt: string, body: Record<string, unknown> = {}) => {
      const answer = await ask('POST', '/v1/chat/completions', { ...chatBody(prompt, body), stream: true });
      return { ...answer, ...readStream(answer.text) };
    },
    /** Asks for generated pictures as base64, unless the body says otherwise. */
    generate: (prompt: string, body: Record<string, unknown> = {}) =>
      ask('POST', '/v1/images/generations', { ...imageBody(prompt), ...body }),
    /** Asks for an edit of pictures, given by their URLs. */
    edit: (prompt: string, urls: string[], body: Record<string, unknown> = {}) =>
      ask('POST', '/v1/images/edits', { ...imageBody(prompt), images: urls.map((url) => ({ url })), ...body }),
    log: async (query = '') =>
      z.object({ requests: z.array(logged) }).parse((await call('GET', `/_simulator/log${query}`)).json).requests,
    addFault: async (rule: unknown) => {
      const answer = await call('POST', '/_simulator/faults', rule);
      if (answer.status !== 200) throw new Error(answer.text);
      return z.object({ id: z.string() }).parse(answer.json).id;
    },
    jobs: async () =>
      z
        .object({ jobs: z.array(z.looseObject({ request_id: z.string(), prompt: z.string(), polls: z.number() })) })
        .parse((await call('GET', '/_simulator/jobs')).json).jobs,
  };
}

/** The body of a chat request with one user message. */
export function chatBody(prompt: string, body: Record<string, unknown> = {}) {
  return { model: 'grok-4.3', messages: [{ role: 'user', content: prompt }], ...body };
}

function imageBody(prompt: string) {
  return { model: 'grok-imagine-image', prompt, response_format: 'b64_json' };
}

const deltaSchema = z.strictObject({
  role: z.literal('assistant').optional(),
  content: z.string().optional(),
  reasoning_content: z.string().optional(),
  tool_calls: z.array(z.unknown()).optional(),
});

// Strict: what there is nothing of must be absent.
const chunkSchema = z.strictObject({
  id: z.uuid(),
  object: z.literal('chat.completion.chunk'),
  created: z.int(),
  model: z.string(),
  system_fingerprint: z.string(),
  choices: z.array(
    z.strictObject({
      index: z.int(),
      delta: deltaSchema,
      finish_reason: z.string().optional(),
      logprobs: z.unknown().optional(),
    }),
  ),
  usage: z.unknown().optional(),
});

/** The chunks in the text of a stream, and its last data line. */
function readStream(text: string) {
  const events = text.split('\n\n');
  if (events.pop() !== '') throw new Error('the stream does not end with an empty line');
  const lines = events.map((event) => /^data: (.+)$/.exec(event)?.[1] ?? '');
  const chunks = lines
    .filter((line) => line.includes('chat.completion.chunk'))
    .map((line) => chunkSchema.parse(JSON.parse(line)));
  const choices = chunks.flatMap((chunk) => chunk.choices);
  return { chunks, choices, deltas: choices.map(({ delta }) => delta), last: lines.at(-1) };
}

const videoSchema = z.object({ url: z.string(), duration: z.number(), respect_moderation: z.boolean() });

const logged = z.object({
  seq: z.number(),
  at: z.string(),
  method: z.string(),
  path: z.string(),
  route: z.string().nullable(),
  key_hint: z.string().nullable(),
  key_hash: z.string().nullable(),
  status: z.number().nullable(),
  ended: z.enum(['complete', 'client_closed', 'hung', 'cut']).nullable(),
  closed_at: z.string().nullable(),
  request_id: z.string().nullable(),
  x_request_id: z.string().nullable(),
  frames: z.number().nullable(),
  body: z.unknown(),
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON, which some tests want to see.
    return undefined;
  }
}

/** Downloads a file and has ffprobe tell what it is. */
export async function probe(url: string) {
  const path = join(await temporaryDirectory(), 'video.mp4');
  const response = await fetch(url);
  const bytes = Buffer.from(await response.arrayBuffer());
  await writeFile(path, bytes);
  const { stdout } = await run(ffprobe.path, ['-v', 'error', '-of', 'json', '-show_streams', '-show_format', path]);
  const { streams, format } = probed.parse(JSON.parse(stdout));
  const [stream] = streams;
  if (!stream) throw new Error('no stream');
  return { path, response, bytes, stream, duration: Number(format.duration) };
}

const probed = z.object({
  streams: z.array(
    z.object({
      codec_name: z.string(),
      pix_fmt: z.string(),
      width: z.number(),
      height: z.number(),
      r_frame_rate: z.string(),
    }),
  ),
  format: z.object({ duration: z.string() }),
});

/** The frame at a time of a video, as raw RGB. */
export async function frameAt(path: string, seconds: number): Promise<Buffer> {
  const { stdout } = await run(
    ffmpeg.path,
    ['-v', 'error', '-ss', `${seconds}`, '-i', path, '-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'],
    { encoding: 'buffer', maxBuffer: 32 * 1024 * 1024 },
  );
  return stdout;
}

/** The share of bytes by which two frames differ clearly. */
export function difference(a: Buffer, b: Buffer): number {
  if (a.length !== b.length || a.length === 0) throw new Error('the frames are not of one size');
  return a.filter((value, index) => Math.abs(value - (b[index] ?? 0)) > 40).length / a.length;
}
