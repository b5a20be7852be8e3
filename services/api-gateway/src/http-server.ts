import { createServer, type RequestListener, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { ApiError } from '@grok2api/contracts';

/** What clients are given to send a request, and how many may be connected. */
export interface ServerLimits {
  /** For the headers of a request, and for the first request of a connection, in milliseconds. */
  headersTimeoutMs: number;
  /** For a whole request with its body, in milliseconds. */
  requestTimeoutMs: number;
  maxConnections: number;
}

/** Longer than the load balancers in front keep a connection, so that theirs end first. */
const KEEP_ALIVE_MS = 65_000;
const MAX_HEADER_BYTES = 16 * 1024;
/** How often slow connections are looked for. */
const CHECK_EVERY_MS = 2_000;

/** An HTTP server that tells clients what is wrong with their requests also where these never become requests. */
export function createHttpServer(listener: RequestListener, limits: ServerLimits, newRequestId: () => string): Server {
  const server = createServer(
    {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: Math.min(CHECK_EVERY_MS, limits.headersTimeoutMs),
      maxHeaderSize: MAX_HEADER_BYTES,
      // Without the host nobody can be told an address; the application says so.
      requireHostHeader: false,
    },
    listener,
  );
  server.maxConnections = limits.maxConnections;
  // Requests that expect something else than to go on are answered as if they did not.
  server.on('checkExpectation', listener);

  const answers = new WeakMap<Duplex, ServerResponse>();
  server.prependListener('request', (req, res) => answers.set(req.socket, res));
  server.on('clientError', (err: NodeJS.ErrnoException, socket) => {
    const answer = answers.get(socket);
    const amidAnswer = answer?.headersSent && !answer.writableFinished;
    if (!socket.writable || err.code === 'ECONNRESET' || amidAnswer) socket.destroy();
    else socket.end(answerText(toApiError(err), newRequestId()), () => socket.destroy());
  });
  return server;
}

// Codes of Node's server and of its parser.
function toApiError({ code, message }: NodeJS.ErrnoException): ApiError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new ApiError('headers_too_large');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ApiError('request_timeout');
    default:
      return new ApiError('malformed_request', { values: { reason: message.replace(/^Parse Error: /, '') } });
  }
}

function answerText(error: ApiError, requestId: string): string {
  const body = JSON.stringify(error.toBody());
  return [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}
