import { uploadReplySchema } from '@grok2api/contracts';
import { ask } from './request.js';

/** Takes a picture to the server. Resolves to its address, which any request may name. */
export async function upload(file: File, signal: AbortSignal): Promise<string> {
  const form = new FormData();
  form.append('file', file);
  const { image_url } = await ask(uploadReplySchema, '/v1/video/upload', { method: 'POST', form, signal });
  return image_url;
}
