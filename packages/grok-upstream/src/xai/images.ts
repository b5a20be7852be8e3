import type { Credential } from '@grok2api/contracts';
import { z } from 'zod';
import { UpstreamError } from '../errors.js';
import type { CallOptions } from '../grok-upstream.js';
import type { UpstreamImage, UpstreamImageRequest, UpstreamImages } from '../images.js';
import { answerOf } from './answer.js';
import type { XaiClient } from './client.js';
import { readErrorBody } from './error-body.js';
import { isSuccess } from './faults.js';
import { readImageJson } from './image-json.js';
import { lenient, lenientList } from './lenient.js';
import { refusalOf } from './refusal.js';

const imageSchema = z.object({
  // The number of the image: the reader of the body took its data out.
  b64_json: lenient(z.string()),
  mime_type: lenient(z.string().regex(/^image\/[\w.+-]{1,100}$/)),
  revised_prompt: lenient(z.string()),
  respect_moderation: lenient(z.boolean()),
});
const imagesSchema = z.object({
  data: lenientList(imageSchema),
  usage: lenient(z.object({ cost_in_usd_ticks: lenient(z.number().nonnegative()) })),
});

// What xAI makes unless it says otherwise.
const USUAL_TYPE = 'image/jpeg';

/** `POST /images/generations`, or `/images/edits` when there are images to edit. @throws UpstreamError */
export async function createImages(
  client: XaiClient,
  credential: Credential,
  request: UpstreamImageRequest,
  options: CallOptions & { timeoutMs: number },
): Promise<UpstreamImages> {
  const { maxAnswerBytes, maxImageBytes, now } = client.settings;
  const path = request.images?.length ? '/images/edits' : '/images/generations';
  const call = { kind: 'create', method: 'POST', path, body: imageBody(request) } as const;
  const limits = {
    // Base64 makes four bytes of three.
    maxBytes: Math.ceil((request.n * maxImageBytes * 4) / 3) + maxAnswerBytes,
    maxRestBytes: maxAnswerBytes,
    maxImageBytes,
  };
  const { answer, files } = await client.receive(credential, call, options, async (open) => {
    const { rest, images } = await readImageJson(open.body, limits);
    return { answer: answerOf(open, rest, now()), files: images };
  });
  const body = imagesSchema.safeParse(answer.json);
  const isError = readErrorBody(answer.json) !== undefined && !body.data?.data.length;
  if (!isSuccess(answer.status) || !body.success || isError) throw refusalOf('create', answer, credential);
  const { data, usage } = body.data;
  const refused = data.filter((entry) => entry.respect_moderation === false).length;
  const images = data.flatMap((entry) => imageOf(entry, files) ?? []);
  if (images.length === 0) throw noImages(refused > 0);
  const costUsdTicks = usage?.cost_in_usd_ticks;
  return {
    images,
    refused,
    broken: data.length - refused - images.length,
    ...(costUsdTicks !== undefined && { costUsdTicks }),
  };
}

function imageBody({ model, prompt, n, aspectRatio, resolution, quality, user, images = [] }: UpstreamImageRequest) {
  const pictures = images.map((url) => ({ url }));
  return {
    model,
    prompt,
    n,
    aspect_ratio: aspectRatio,
    resolution,
    quality,
    user,
    // The upstream's URLs die within minutes.
    response_format: 'b64_json',
    ...(pictures.length === 1 && { image: pictures[0] }),
    ...(pictures.length > 1 && { images: pictures }),
  };
}

function imageOf(
  { b64_json, mime_type, revised_prompt, respect_moderation }: z.infer<typeof imageSchema>,
  files: (Uint8Array | undefined)[],
): UpstreamImage | undefined {
  const bytes = files[Number(b64_json ?? Number.NaN)];
  if (respect_moderation === false || !bytes) return undefined;
  return {
    bytes,
    mimeType: mime_type ?? USUAL_TYPE,
    ...(revised_prompt !== undefined && { revisedPrompt: revised_prompt }),
  };
}

// The upstream took the request, whatever came of it, and may bill it.
function noImages(refused: boolean): UpstreamError {
  return refused
    ? new UpstreamError('the images were refused by moderation', {
        fault: 'moderated',
        outcome: 'not_counted',
        submitted: 'unknown',
        status: 200,
      })
    : new UpstreamError('no image came', { fault: 'transient', outcome: 'fault', submitted: 'unknown', status: 200 });
}
