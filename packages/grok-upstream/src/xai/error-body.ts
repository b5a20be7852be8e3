import { z } from 'zod';

/** What an error body says. Both are empty when it does not. */
export interface ErrorText {
  /** `resource-exhausted`; in the OpenAI-like shape the code and the type. */
  code: string;
  text: string;
}

const word = z
  .union([z.string(), z.number()])
  .transform(String)
  .nullish()
  .catch(undefined)
  .transform((value) => value ?? '');

const errorTextSchema = z.object({ code: word, error: z.string().min(1) });
const errorObjectSchema = z.object({ code: word, error: z.object({ message: word, code: word, type: word }) });

/** Reads xAI's error bodies, `{"code","error":"text"}`, `{"error":"text"}` and `{"error":{…}}`; undefined for others. */
export function readErrorBody(json: unknown): ErrorText | undefined {
  const asText = errorTextSchema.safeParse(json);
  if (asText.success) return { code: asText.data.code, text: asText.data.error };
  const asObject = errorObjectSchema.safeParse(json);
  if (!asObject.success) return undefined;
  const { code, error } = asObject.data;
  return { code: [code, error.code, error.type].filter((part) => part !== '').join(' '), text: error.message };
}
