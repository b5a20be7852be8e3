import { setTimeout as delay } from 'node:timers/promises';
import { Turns } from '../turns.js';
import { type Answer, jsonAnswer } from '../wire/answer.js';
import { contentModerated } from '../wire/content-moderated.js';
import type { WireRequest, WireRoute } from '../wire/route.js';
import { notFound } from '../wire/xai-error.js';
import { drawImages, readInputs } from './draw-images.js';
import { type MagicWords, readMagicWords } from './magic-words.js';
import { RecentFiles } from './recent-files.js';
import { type ImageRequest, parseEdit, parseGeneration } from './request.js';

const MAX_URL_TTL_MS = 10 * 60 * 1000;
const MAX_DRAWN_AT_ONCE = 2;
const GARBAGE = Buffer.from('These bytes are no picture.');
const TICKS_PER_USD = 10_000_000_000;
const USD_PER_IMAGE = { '1k': 0.02, '2k': 0.04 };

/** What the image routes work with. Times are milliseconds. */
export interface ImageRouteParts {
  now: () => number;
  /** How long a call takes. */
  imageMs: number;
  /** How long result URLs work; they never work for longer than ten minutes. */
  urlTtlMs: number;
}

interface Studio extends ImageRouteParts {
  files: RecentFiles;
  turns: Turns;
}

/** Generate pictures, edit pictures, and download them from the URLs that were answered. */
export function imageRoutes(parts: ImageRouteParts): WireRoute[] {
  const files = new RecentFiles(Math.min(parts.urlTtlMs, MAX_URL_TTL_MS), parts.now);
  const studio = { ...parts, files, turns: new Turns(MAX_DRAWN_AT_ONCE) };
  return [
    {
      method: 'POST',
      template: '/v1/images/generations',
      needsKey: true,
      generation: 'image',
      handle: (request) => make(studio, parseGeneration(request.body), request),
    },
    {
      method: 'POST',
      template: '/v1/images/edits',
      needsKey: true,
      generation: 'image',
      handle: (request) => make(studio, parseEdit(request.body), request),
    },
    {
      method: 'GET',
      template: '/imgen/{file}',
      needsKey: false,
      handle: ({ params }) => {
        const file = files.get(params.file ?? '');
        if (!file) throw notFound('The file does not exist or has expired.');
        return { status: 200, body: { kind: 'bytes', ...file } };
      },
    },
  ];
}

async function make(studio: Studio, asked: ImageRequest, { signal, origin }: WireRequest): Promise<Answer> {
  const began = performance.now();
  const magic = readMagicWords(asked.prompt);
  const count = Math.min(asked.n, magic.most);
  const images = await studio.turns.take(async () => {
    const inputs = await readInputs(asked);
    if (magic.moderated === 'image') throw contentModerated('image');
    return drawImages(asked, { inputs, count, type: magic.type, signal });
  });
  const remaining = (magic.ms ?? studio.imageMs) - (performance.now() - began);
  if (remaining > 0) await delay(remaining, undefined, { signal });
  const data = images.map((image, index) => {
    if (magic.moderated === 'partial' && index === count - 1) return { respect_moderation: false };
    const content = contentOf(bytesFor(image, magic), asked, (bytes) => {
      return `${origin}/imgen/${studio.files.add({ bytes, type: magic.type })}`;
    });
    return { ...content, mime_type: magic.type, revised_prompt: asked.prompt, respect_moderation: true };
  });
  const usd = count * USD_PER_IMAGE[asked.resolution];
  return jsonAnswer({ data, usage: { cost_in_usd_ticks: Math.round(usd * TICKS_PER_USD) } });
}

function bytesFor(image: Buffer, { instead }: MagicWords): Buffer {
  if (instead === 'nothing') return Buffer.alloc(0);
  return instead === 'garbage' ? GARBAGE : image;
}

function contentOf(bytes: Buffer, { response_format: format }: ImageRequest, publish: (bytes: Buffer) => string) {
  if (format === 'b64_json') return { b64_json: bytes.toString('base64') };
  return { url: bytes.length === 0 ? '' : publish(bytes) };
}
