/** What the last block of the start tells. */
export interface WelcomeValues {
  base: string;
  /** Undefined: the simulator. Otherwise xAI's address, or another that was set. */
  upstream: string | undefined;
  dataDir: string;
  /** Where the key of the admin API is to be found. */
  adminKey: string;
}

/** The text that is printed once everything runs: where it listens and what to try. */
export function welcome({ base, upstream, dataDir, adminKey }: WelcomeValues): string {
  return `
Grok2API is ready at ${base}

  Upstream   ${upstream ?? 'simulator (set XAI_API_KEY for the real one)'}
  Data       ${dataDir}
  Console    ${base}/console
  Admin API  ${base}/admin/api (key: ${adminKey})

Make a video:

curl -X POST ${base}/v1/video/tasks \\
  -H "Content-Type: application/json" \\
  -d '{
    "model": "grok-imagine-1.0-video",
    "prompt": "一只海豚在海洋中跳跃",
    "aspect_ratio": "16:9",
    "video_length": 6,
    "resolution": "480p",
    "preset": "normal"
  }'

Watch it being made, with the task_id from the reply:

curl -N ${base}/v1/video/tasks/TASK_ID/stream

The last event has the video's address. Ctrl-C stops everything and keeps the data.

`;
}
