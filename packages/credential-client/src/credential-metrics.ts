import type { Histogram, Metrics, ReadGauge } from '@grok2api/service-kit';

/** What is counted of the credentials that a process uses. */
export interface CredentialMetrics {
  waits: Histogram<'outcome'>;
  slots: ReadGauge<'state'>;
}

/** Names the metrics of a holder of grants. */
export function credentialMetrics(metrics: Metrics): CredentialMetrics {
  return {
    waits: metrics.seconds(
      'grok2api_credential_wait_seconds',
      'How long calls waited for a slot of a credential: granted, why there was none, or left (nobody waited any more).',
      ['outcome'],
    ),
    slots: metrics.readGauge(
      'grok2api_credential_slots',
      'Slots of credentials with a limit that this process holds: used, idle.',
      ['state'],
    ),
  };
}
