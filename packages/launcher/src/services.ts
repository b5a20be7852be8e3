/** What a service is given that others must not have: see `serviceEnvironment`. */
export type Grant =
  | 'bus'
  | 'database'
  | 'media'
  | 'fetch'
  | 'upstream'
  | 'upstream-proxy'
  | 'client-keys'
  | 'callback-secret'
  | 'gateway-address'
  | 'simulator-address';

/** One kind of process that the launcher runs. */
export interface ServiceRow {
  /** Also the name of its pid file; with replicas `NAME-1`, `NAME-2`, …. */
  name: string;
  /** Its compiled entry, from the root of the project. */
  entry: string;
  /** `video-workers`: as many as the command line says, numbered. */
  replicas: 'one' | 'video-workers';
  grants: readonly Grant[];
  /** Started in this order and stopped in the reverse; equal numbers at the same time. */
  wave: 0 | 1 | 2;
  /** Whether the gateway's health counts it. */
  expected: boolean;
  /** Set: runs only with this upstream. */
  upstream?: 'simulator';
}

/** Every service of the system. Adding one is adding a row. */
export const SERVICES: readonly ServiceRow[] = [
  {
    name: 'simulator',
    entry: 'services/simulator/dist/main.js',
    replicas: 'one',
    grants: ['simulator-address'],
    wave: 0,
    expected: false,
    upstream: 'simulator',
  },
  {
    name: 'token-pool',
    entry: 'services/token-pool/dist/main.js',
    replicas: 'one',
    grants: ['bus', 'database', 'upstream', 'upstream-proxy'],
    wave: 1,
    expected: true,
  },
  {
    name: 'chat',
    entry: 'services/chat/dist/main.js',
    replicas: 'one',
    grants: ['bus', 'media', 'fetch', 'upstream-proxy'],
    wave: 2,
    expected: true,
  },
  {
    name: 'image',
    entry: 'services/image/dist/main.js',
    replicas: 'one',
    grants: ['bus', 'database', 'media', 'fetch', 'upstream-proxy'],
    wave: 2,
    expected: true,
  },
  {
    name: 'video-worker',
    entry: 'services/video-worker/dist/main.js',
    replicas: 'video-workers',
    grants: ['bus', 'database', 'media', 'fetch', 'upstream-proxy'],
    wave: 2,
    expected: true,
  },
  {
    name: 'callback-dispatcher',
    entry: 'services/callback-dispatcher/dist/main.js',
    replicas: 'one',
    grants: ['bus', 'database', 'fetch', 'callback-secret'],
    wave: 2,
    expected: true,
  },
  {
    name: 'api-gateway',
    entry: 'services/api-gateway/dist/main.js',
    replicas: 'one',
    grants: ['bus', 'database', 'media', 'client-keys', 'gateway-address'],
    wave: 2,
    expected: false,
  },
];

/** Programs that bring the database up to date, run one after the other before any service. */
export const MIGRATIONS: readonly string[] = [
  'packages/task-store/dist/migrate-main.js',
  'services/token-pool/dist/migrate-main.js',
];

/** A process to run: a row of the table and which of its replicas. */
export interface ServiceInstance {
  row: ServiceRow;
  /** Unique in the system: `api-gateway`, `video-worker-2`. */
  instance: string;
}

/** The processes that the table asks for. */
export function instancesOf(
  rows: readonly ServiceRow[],
  wanted: { videoWorkers: number; upstream: 'xai' | 'simulator' },
): ServiceInstance[] {
  return rows
    .filter((row) => row.upstream === undefined || row.upstream === wanted.upstream)
    .flatMap((row) => {
      if (row.replicas === 'one') return [{ row, instance: row.name }];
      return Array.from({ length: wanted.videoWorkers }, (_, index) => ({ row, instance: `${row.name}-${index + 1}` }));
    });
}
