import { z } from 'zod';
import { textSchema } from '../text.js';

/** Body of `POST /console/api/session`: a client key or the administrator's. */
export const signInSchema = z.object({ key: textSchema.min(1).max(1000) });
