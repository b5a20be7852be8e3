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
import type { PoolMetrics } from './metrics.js';
import type { Reports } from './reports.js';

export interface CredentialServices {
  grants: Grants;
  reports: Reports;
  health: Health;
  credentials: CredentialStore;
  metrics: Pick<PoolMetrics, 'grants' | 'grantedSlots' | 'outcomes'>;
  ttlMs: number;
  /** Ends what is under way when the process stops. */
  signal: AbortSignal;
}

/** Answers the requests of those who use credentials. */
export function serveCredentials(bus: Bus, services: CredentialServices): void {
  const { grants, reports, health, credentials, metrics, ttlMs, signal } = services;
  bus.serve(acquireGrants, async (request) => {
    const reply = await grants.acquire(request);
    metrics.grants.inc({ result: reply.status === 'none' ? reply.reason : reply.status });
    if (reply.status === 'granted') metrics.grantedSlots.inc(reply.grants.reduce((sum, { slots }) => sum + slots, 0));
    return reply;
  });
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
    metrics.outcomes.inc({ outcome: report.outcome });
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
