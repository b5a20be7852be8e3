import { z } from 'zod';

/** Reply of `POST /v1/video/upload`. */
export const uploadReplySchema = z.object({
  file_id: z.string().regex(/^file_[0-9a-f]{32}$/),
  file_uri: z.string(),
  /** To be named as `image_url` anywhere. */
  image_url: z.string(),
});
