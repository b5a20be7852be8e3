import type { Bus } from '@grok2api/bus';
import {
  admitRequests,
  clientKeysChanged,
  createClientKey,
  holdRequestSlots,
  listClientKeyEntries,
  listClientKeys,
  revokeClientKey,
  setWebhookSecret,
  updateClientKey,
  webhookSecretsOf,
} from '@grok2api/contracts';
import { PageCursorError } from '../page-cursor.js';
import type { ClientKeyStore } from './client-key-store.js';
import type { RequestSlots } from './request-slots.js';
import type { RequestWindows } from './request-windows.js';
import type { WebhookSecrets } from './webhook-secrets.js';

export interface ClientKeyParts {
  keys: ClientKeyStore;
  windows: RequestWindows;
  slots: RequestSlots;
  webhookSecrets: WebhookSecrets;
}

/** Answers what is asked about client keys, and tells gateways of every change. */
export function serveClientKeys(bus: Bus, { keys, windows, slots, webhookSecrets }: ClientKeyParts): void {
  bus.serve(listClientKeys, ({ after, limit }) => keys.changedAfter(after, limit));
  bus.serve(admitRequests, async ({ key_id, count }) => {
    const { admitted, remaining, retryAfterMs, resetMs } = await windows.admit(key_id, count);
    return { admitted, remaining, retry_after_ms: retryAfterMs, reset_ms: resetMs };
  });
  bus.serve(holdRequestSlots, async ({ key_id, holder, slots: wanted }) => ({
    slots: await slots.hold(key_id, holder, wanted),
    expires_in_ms: slots.ttlMs,
  }));

  bus.serve(listClientKeyEntries, async ({ limit, cursor }) => {
    try {
      return { status: 'ok' as const, ...(await keys.page(limit, cursor)) };
    } catch (err) {
      if (err instanceof PageCursorError) return { status: 'bad_cursor' as const };
      throw err;
    }
  });
  bus.serve(createClientKey, async (request) => {
    const key = await keys.create(request);
    bus.publish(clientKeysChanged, {});
    return { key };
  });
  bus.serve(updateClientKey, async ({ key_id, changes }) => {
    const key = await keys.update(key_id, changes);
    bus.publish(clientKeysChanged, {});
    return { key: key ?? null };
  });
  bus.serve(revokeClientKey, async ({ key_id }) => {
    const key = await keys.revoke(key_id);
    bus.publish(clientKeysChanged, {});
    return { key: key ?? null };
  });

  bus.serve(setWebhookSecret, async ({ key_id, secret }) => {
    const key = await webhookSecrets.replace(key_id, secret);
    bus.publish(clientKeysChanged, {});
    return { key: key ?? null };
  });
  bus.serve(webhookSecretsOf, async ({ key_id }) => {
    const secrets = await webhookSecrets.of(key_id);
    return { current: secrets?.current ?? null, previous: secrets?.previous ?? null };
  });
}
