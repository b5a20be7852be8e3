import autocannon from 'autocannon';

/** What a load gave. */
export interface Throughput {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Answers other than 2xx, time-outs and errors of connections. */
  errors: number;
  requests: number;
}

/** One load. */
export interface Load {
  url: string;
  method?: 'GET' | 'POST';
  headers: Record<string, string>;
  body?: string;
  /** Asked for in turn, in place of the URL's. */
  paths?: readonly string[];
  connections: number;
  seconds: number;
  /** Requests a second; as many as can be without it. */
  rate?: number;
  /** Judges a body; one that is refused counts as an error. */
  isWhole?: (body: string) => boolean;
}

/** Asks as fast as so many connections can, for so long. */
export async function throughput(load: Load): Promise<Throughput> {
  const { isWhole } = load;
  const result = await autocannon({
    url: load.url,
    method: load.method ?? 'POST',
    headers: load.headers,
    ...(load.body !== undefined && { body: load.body }),
    ...(load.paths && { requests: load.paths.map((path) => ({ path })) }),
    connections: load.connections,
    duration: load.seconds,
    ...(load.rate !== undefined && { overallRate: load.rate }),
    ...(isWhole && { verifyBody: (body: unknown) => typeof body === 'string' && isWhole(body) }),
  });
  return {
    perSecond: result['2xx'] / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    errors: result.errors + result.timeouts + result.non2xx + result.mismatches,
    requests: result['2xx'],
  };
}
