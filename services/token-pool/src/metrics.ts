import { busMetrics } from '@grok2api/bus';
import { upstreamMetrics } from '@grok2api/grok-upstream';
import type { Metrics } from '@grok2api/service-kit';

/** Names everything that a token pool measures. */
export function serviceMetrics(metrics: Metrics) {
  return {
    bus: busMetrics(metrics),
    upstream: upstreamMetrics(metrics),
    statements: metrics.seconds(
      'grok2api_pool_store_seconds',
      "What this process did with the token pool's tables: ok, error.",
      ['operation', 'outcome'],
    ),
    grants: metrics.counter(
      'grok2api_grants_total',
      'Requests for slots: granted, idle (the requester has one), or why there was none.',
      ['result'],
    ),
    grantedSlots: metrics.counter('grok2api_granted_slots_total', 'Slots of credentials that were granted.'),
    outcomes: metrics.counter('grok2api_credential_outcomes_total', 'Reports on how calls ended, by their outcome.', [
      'outcome',
    ]),
    credentials: metrics.readGauge(
      'grok2api_credentials',
      'Credentials: free (a call may be begun, of the models that do not rest), busy (every slot is granted), disabled. Every token pool shows all of them.',
      ['state'],
    ),
    models: metrics.readGauge(
      'grok2api_credential_models',
      'Models with each credential about which something is known: ready, cooling (after a rate limit), broken (the breaker is open, or half open after its rest), forbidden. Every token pool shows all of them.',
      ['model', 'state'],
    ),
    slots: metrics.readGauge(
      'grok2api_pool_slots',
      'Slots of all credentials with a limit: granted, free. Every token pool shows all of them.',
      ['state'],
    ),
  };
}

/** What a token pool measures, by the part that does. */
export type PoolMetrics = ReturnType<typeof serviceMetrics>;
