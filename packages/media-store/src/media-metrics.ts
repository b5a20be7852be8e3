import type { Counter, Histogram, Metrics, ReadGauge } from '@grok2api/service-kit';

/** What is counted of the files that a process stores and reads. */
export interface MediaMetrics {
  bytes: Counter<'direction'>;
  operations: Histogram<'operation' | 'outcome'>;
  cache: Counter<'result'>;
  diskFree: ReadGauge<never>;
  diskSize: ReadGauge<never>;
}

/** Names the metrics of the media store. */
export function mediaMetrics(metrics: Metrics): MediaMetrics {
  return {
    bytes: metrics.counter(
      'grok2api_media_bytes_total',
      'Bytes of pictures and videos that this process stored (in) and read (out).',
      ['direction'],
    ),
    operations: metrics.seconds(
      'grok2api_media_seconds',
      'What this process did with the media store: put (to the last byte), stat, open, delete, sweep; ok, none, error.',
      ['operation', 'outcome'],
    ),
    cache: metrics.counter(
      'grok2api_media_cache_total',
      "Files of S3 that were opened: from this process' own disk (hit) or fetched (miss).",
      ['result'],
    ),
    diskFree: metrics.readGauge('grok2api_media_disk_free_bytes', 'What is free where MEDIA_DIR lies.'),
    diskSize: metrics.readGauge('grok2api_media_disk_size_bytes', 'How large it is where MEDIA_DIR lies.'),
  };
}
