import { z } from 'zod';
import { MAX_EDIT_IMAGES } from '../api/images.js';
import { pictureIdSchema } from '../ids.js';
import { modelSchema } from '../models.js';
import { imageParamsSchema } from '../task.js';
import { textSchema } from '../text.js';
import type { StreamRpc } from './stream-rpc.js';

/** Images to be made, with the model looked up. */
export const imageRequestSchema = z.object({
  /** Name of the client key. */
  owner: textSchema,
  model: modelSchema,
  prompt: textSchema.min(1),
  params: imageParamsSchema,
  stream: z.boolean(),
  /** Beginning of the URLs of what is made, `https://host`. */
  origin: textSchema,
});
export type ImageMessage = z.infer<typeof imageRequestSchema>;

/**
 * Makes images. Answers with bytes for the client: server-sent events when a stream is asked for, else one JSON object.
 * It is asked once for a request, for what it makes is paid.
 */
export const generateImages = {
  subject: 'grok.images.generate',
  service: 'image',
  request: imageRequestSchema,
} satisfies StreamRpc<z.ZodType>;

/** A file of the media store, or an address that is fetched. */
const pictureSchema = z.union([z.object({ media: pictureIdSchema }), z.object({ url: z.string() })]);

/** The same, made from pictures. Files of the media store are the requester's to remove, after the reply. */
export const editImages = {
  subject: 'grok.images.edit',
  service: 'image',
  request: imageRequestSchema.extend({ pictures: z.array(pictureSchema).min(1).max(MAX_EDIT_IMAGES) }),
} satisfies StreamRpc<z.ZodType>;
