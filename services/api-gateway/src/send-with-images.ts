import type { MediaStore } from '@grok2api/media-store';
import type { Response } from 'express';
import { sendStream } from './reply/send-stream.js';

/** A body whose `data.result.images` are URLs. */
interface BodyWithImages {
  data: { result?: object | undefined };
}

/**
 * Answers with a body in whose `data.result.images` the URLs are replaced by the files themselves, in base64, read from
 * the store as they are sent. Where any of the files is not kept any more the URLs stay.
 */
export async function sendWithImages(
  res: Response,
  body: BodyWithImages,
  mediaIds: readonly string[],
  media: MediaStore,
): Promise<void> {
  const stats = await Promise.all(mediaIds.map((id) => media.stat(id)));
  if (!stats.every((stat) => stat !== undefined)) {
    res.json(body);
    return;
  }
  res.status(200).set('content-type', 'application/json; charset=utf-8');
  await sendStream(res, textOf(body, mediaIds, media));
}

async function* textOf(
  { data, ...fields }: BodyWithImages,
  mediaIds: readonly string[],
  media: MediaStore,
): AsyncGenerator<string> {
  const { result: _, ...envelope } = data;
  yield `${JSON.stringify(fields).slice(0, -1)},"data":${JSON.stringify(envelope).slice(0, -1)},"result":{"images":["`;
  for (const [index, id] of mediaIds.entries()) {
    if (index > 0) yield '","';
    yield* inBase64(id, media);
  }
  yield '"]}}}';
}

async function* inBase64(id: string, media: MediaStore): AsyncGenerator<string> {
  const opened = await media.open(id);
  if (!opened) throw new Error(`${id} went away while it was sent`);
  let rest = Buffer.alloc(0);
  for await (const chunk of opened.stream) {
    const bytes = Buffer.concat([rest, chunk]);
    // Three bytes make four characters: what is left over waits for the next chunk.
    const whole = bytes.length - (bytes.length % 3);
    rest = bytes.subarray(whole);
    yield bytes.toString('base64', 0, whole);
  }
  yield rest.toString('base64');
}
