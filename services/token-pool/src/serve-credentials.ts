import type { Bus } from '@grok2api/bus';
import {
  acquireGrants,
  credentialOf,
  releaseGrants,
  renewGrants,
  reportOutcome,
  testCredential,
} from '@grok2api/contracts';
import type { CredentialStore } from './credential-store.js';
import type { Grants } from './grants.js';
import type { Health } from './health.js';
import type { Reports } from './reports.js';

export interface CredentialServices {
  grants: Grants;
  reports: Reports;
  health: Health;
  credentials: CredentialStore;
  ttlMs: number;
  /** Ends what is under way when the process stops. */
  signal: AbortSignal;
}

/** Answers the requests of those who use credentials. */
export function serveCredentials(bus: Bus, services: CredentialServices): void {
  const { grants, reports, health, credentials, ttlMs, signal } = services;
  bus.serve(acquireGrants, (request) => grants.acquire(request));
  bus.serve(renewGrants, async ({ holder, grants: held }) => {
    const renewed = await grants.renew(
      held.map(({ credential_id: credentialId, ...grant }) => ({ ...grant, holder, credentialId })),
    );
    return { grants: [...renewed], expires_in_ms: ttlMs };
  });
  bus.serve(releaseGrants, async ({ holder, grants: held }) => {
    await grants.release(held.map(({ id, keep }) => ({ id, holder, keep })));
    return {};
  });
  bus.serve(reportOutcome, async (report) => {
    await reports.record(report);
    return {};
  });
  bus.serve(credentialOf, async ({ credential_id }) => ({
    credential: (await credentials.find(credential_id)) ?? null,
  }));
  bus.serve(testCredential, async ({ credential_id }) => {
    const { usable, reason, models } = await health.test(credential_id, signal);
    return { usable, ...(reason === undefined ? {} : { reason }), models, checked_at: new Date().toISOString() };
  });
}
