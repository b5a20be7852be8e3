import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type LogLevel, logLevelSchema } from '@grok2api/contracts';
import type { Metrics } from '../metrics/metrics.js';
import type { Readiness } from './readiness.js';

export interface OpsServerOptions {
  host: string;
  /** 0 is any free one. */
  port: number;
  /** Whether any free one will do when that is taken. */
  orAnother: boolean;
  metrics: Metrics;
  readiness: Readiness;
  logLevel: { get: () => string; set: (level: LogLevel) => void };
}

/** Where operators look at one process, and set its log level. */
export interface OpsServer {
  /** Without a slash at the end. */
  url: string;
  close(): void;
}

const MAX_BODY_BYTES = 1_000;
const REQUEST_TIMEOUT_MS = 10_000;

type Answer = { status: number; type?: string; body: string | object };

/**
 * Opens the ops port: `GET /healthz`, `GET /readyz`, `GET /metrics`, `GET` and `PUT /log-level`. It asks for no key, and
 * is meant for addresses that clients cannot reach.
 * @throws what listening throws, EADDRINUSE for a port that is taken
 */
export async function openOpsServer(options: OpsServerOptions): Promise<OpsServer> {
  const { host, port, orAnother } = options;
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    void answer(request, options)
      .catch((err: unknown): Answer => ({ status: 500, body: { error: String(err) } }))
      .then((answered) => send(response, answered));
  });
  // What has nothing else to do may end.
  server.unref();
  await listen(server, port, host).catch((err: unknown) => {
    const isTaken = err instanceof Error && 'code' in err && err.code === 'EADDRINUSE';
    if (!orAnother || !isTaken) throw err;
    return listen(server, 0, host);
  });
  const { address, port: bound, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening');
}

async function answer(request: IncomingMessage, options: OpsServerOptions): Promise<Answer> {
  const { metrics, readiness, logLevel } = options;
  const [path] = (request.url ?? '').split('?');
  switch (`${request.method} ${path}`) {
    case 'GET /healthz':
      return { status: 200, body: { status: 'ok' } };
    case 'GET /readyz': {
      const { missing } = readiness;
      if (missing.length === 0) return { status: 200, body: { status: 'ok' } };
      return { status: 503, body: { status: 'not ready', missing } };
    }
    case 'GET /metrics':
      return { status: 200, type: metrics.contentType, body: await metrics.text() };
    case 'GET /log-level':
      return { status: 200, body: { level: logLevel.get() } };
    case 'PUT /log-level': {
      const parsed = logLevelSchema.safeParse(await readJson(request));
      if (!parsed.success) return { status: 400, body: { error: parsed.error.issues[0]?.message } };
      logLevel.set(parsed.data.level);
      return { status: 200, body: parsed.data };
    }
    default:
      return { status: 404, body: { error: 'no such route' } };
  }
}

/** The body, undefined for what is no JSON or too long. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  if (!(Number(request.headers['content-length']) <= MAX_BODY_BYTES)) return undefined;
  try {
    return JSON.parse(await text(request));
  } catch (err) {
    if (err instanceof SyntaxError) return undefined;
    throw err;
  }
}

function send(response: ServerResponse, { status, type = 'application/json', body }: Answer): void {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
