import { busMetrics } from '@grok2api/bus';
import { credentialMetrics } from '@grok2api/credential-client';
import { upstreamMetrics } from '@grok2api/grok-upstream';
import { mediaMetrics } from '@grok2api/media-store';
import type { Metrics } from '@grok2api/service-kit';
import { engineMetrics } from '@grok2api/task-engine';
import { storeMetrics } from '@grok2api/task-store';

/** Names everything that a video worker measures. */
export function serviceMetrics(metrics: Metrics) {
  return {
    bus: busMetrics(metrics),
    credentials: credentialMetrics(metrics),
    upstream: upstreamMetrics(metrics),
    media: mediaMetrics(metrics),
    store: storeMetrics(metrics),
    engine: engineMetrics(metrics),
  };
}
