import { z } from 'zod';
import { ERROR_CATALOGUE, ERROR_TYPES } from '../../error-catalogue.js';
import { isErrorCode } from '../../errors.js';

/** Body of every error. */
export const errorReplySchema = z.object({
  error: z.object({
    message: z.string(),
    type: z.enum(ERROR_TYPES),
    param: z.string().nullable(),
    code: z.enum(Object.keys(ERROR_CATALOGUE).filter(isErrorCode)),
  }),
  /** Of an unknown task, in the words of the published document. */
  detail: z.string().optional(),
});
