import { z } from 'zod';

/** Reply of `GET` and `POST /console/api/session`: what a browser may see. */
export const consoleSessionReplySchema = z.object({
  /** Whether the server asks no client for a key. */
  open: z.boolean(),
  /** The client key that was signed in with; null without one. */
  client: z.object({ id: z.string(), name: z.string() }).nullable(),
  /** Whether the administrator's key was signed in with. */
  admin: z.boolean(),
  /** When the session ends unless it is used; null where nobody is signed in. */
  expires_at: z.iso.datetime().nullable(),
});
