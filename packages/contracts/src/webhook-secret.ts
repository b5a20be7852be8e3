import { z } from 'zod';

const PREFIX = 'whsec_';
const MIN_BYTES = 24;
const MAX_BYTES = 64;

/** A secret that callbacks are signed with, as Standard Webhooks writes it: `whsec_` and 24 to 64 bytes in base64. */
export const webhookSecretSchema = z
  .string()
  .refine((text) => text.startsWith(PREFIX) && isBase64OfLength(text.slice(PREFIX.length)), {
    error: `must be ${PREFIX} and ${MIN_BYTES} to ${MAX_BYTES} bytes in base64`,
  });

/** A new secret of 32 random bytes. */
export function newWebhookSecret(randomBytes: (count: number) => Buffer): string {
  return PREFIX + randomBytes(32).toString('base64');
}

function isBase64OfLength(text: string): boolean {
  const bytes = Buffer.from(text, 'base64');
  // Buffer passes over what is none.
  return bytes.length >= MIN_BYTES && bytes.length <= MAX_BYTES && bytes.toString('base64') === text;
}
