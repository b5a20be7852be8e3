import { busMetrics } from '@grok2api/bus';
import { credentialMetrics } from '@grok2api/credential-client';
import { upstreamMetrics } from '@grok2api/grok-upstream';
import { mediaMetrics } from '@grok2api/media-store';
import type { Metrics } from '@grok2api/service-kit';
import { engineMetrics } from '@grok2api/task-engine';
import { storeMetrics } from '@grok2api/task-store';

/** Names everything that an image service measures. */
export function serviceMetrics(metrics: Metrics) {
  return {
    bus: busMetrics(metrics),
    credentials: credentialMetrics(metrics),
    upstream: upstreamMetrics(metrics),
    media: mediaMetrics(metrics),
    store: storeMetrics(metrics),
    engine: engineMetrics(metrics),
    images: metrics.counter(
      'grok2api_images_total',
      'Images that the upstream was asked for: made, refused, broken (what came was no image).',
      ['result'],
    ),
  };
}
