import { z } from 'zod';

/** A field that counts as absent when it is of another type: xAI adds and changes fields without notice. */
export function lenient<Schema extends z.ZodType>(schema: Schema) {
  return schema.optional().catch(undefined);
}

/** A list without those of its entries that are of another shape. */
export function lenientList<Schema extends z.ZodType>(schema: Schema) {
  return z.array(lenient(schema)).transform((entries) => entries.filter((entry) => entry !== undefined));
}
