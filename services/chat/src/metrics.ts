import { busMetrics } from '@grok2api/bus';
import { credentialMetrics } from '@grok2api/credential-client';
import { upstreamMetrics } from '@grok2api/grok-upstream';
import { mediaMetrics } from '@grok2api/media-store';
import type { Metrics } from '@grok2api/service-kit';

/** Names everything that a chat service measures. */
export function serviceMetrics(metrics: Metrics) {
  return {
    bus: busMetrics(metrics),
    credentials: credentialMetrics(metrics),
    upstream: upstreamMetrics(metrics),
    media: mediaMetrics(metrics),
    chat: {
      firstOutput: metrics.seconds(
        'grok2api_chat_first_output_seconds',
        'From a request to the beginning of its answer: the first event of a stream, else the whole.',
        ['streamed'],
      ),
      tokens: metrics.counter('grok2api_chat_tokens_total', 'Tokens that completions used, as the upstream told.', [
        'type',
      ]),
    },
  };
}

/** What is measured of completions. */
export type ChatMetrics = ReturnType<typeof serviceMetrics>['chat'];
