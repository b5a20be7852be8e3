import { Webhook } from 'standardwebhooks';

/** What the callbacks of an owner are signed with. */
export interface SigningSecrets {
  current: string;
  /** The one before, for as long as receivers may not know the current one yet. */
  previous?: string | undefined;
}

const MS_PER_S = 1000;

/**
 * The headers of Standard Webhooks (https://www.standardwebhooks.com), with a signature by each secret.
 * @param nowMs milliseconds; an attempt has its own time, its id is the webhook's
 */
export function webhookHeaders(
  id: string,
  payload: string,
  { current, previous }: SigningSecrets,
  nowMs: number,
): Record<string, string> {
  const at = new Date(nowMs);
  const secrets = previous === undefined ? [current] : [current, previous];
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(nowMs / MS_PER_S)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, at, payload)).join(' '),
  };
}
