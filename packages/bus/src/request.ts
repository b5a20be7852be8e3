import type { Rpc } from '@grok2api/contracts';
import { beginSpan, inSpan, type Logger } from '@grok2api/service-kit';
import { context, type Span, SpanKind, trace } from '@opentelemetry/api';
import { ErrorCode, headers, type Msg, NatsError } from 'nats';
import type { z } from 'zod';
import { beginCalled } from './called.js';
import { decode, encode } from './codec.js';
import type { Connection } from './connection.js';
import type { Endpoint } from './endpoint.js';
import { BusTimeoutError, NoResponderError, RemoteError } from './errors.js';
import { REQUEST_ID_HEADER } from './headers.js';
import { extractTrace, injectTrace } from './trace-headers.js';

const ERROR_HEADER = 'Grok-Error';
/** Requests a process works on at a time for one subject; more are refused at once rather than queued. */
const MAX_IN_FLIGHT = 1000;

export interface CallOptions {
  timeoutMs: number;
  requestId?: string;
}

/** What a handler knows of a request besides its body. */
export interface RequestContext {
  requestId: string | undefined;
}

export type RpcHandler<Request extends z.ZodType, Reply extends z.ZodType> = (
  request: z.infer<Request>,
  context: RequestContext,
) => Promise<z.infer<Reply>>;

/**
 * Sends a request and waits for its reply.
 * @throws NoResponderError at once when nobody serves it, BusTimeoutError, RemoteError
 */
export async function call<Request extends z.ZodType, Reply extends z.ZodType>(
  connection: Connection,
  rpc: Rpc<Request, Reply>,
  request: z.infer<Request>,
  options: CallOptions,
): Promise<z.infer<Reply>> {
  const span = beginSpan(rpc.subject, { kind: SpanKind.CLIENT });
  const end = beginCalled(connection.metrics, rpc.subject, span);
  try {
    const reply = await exchange(connection, rpc, request, options, span);
    end({});
    return reply;
  } catch (cause) {
    end({ failure: { cause } });
    throw cause;
  }
}

async function exchange<Request extends z.ZodType, Reply extends z.ZodType>(
  connection: Connection,
  rpc: Rpc<Request, Reply>,
  request: z.infer<Request>,
  options: CallOptions,
  span: Span,
): Promise<z.infer<Reply>> {
  // While the connection is down a request would only sit in the client's buffer.
  if (!connection.connected) throw new BusTimeoutError(rpc.subject);
  const sent = headers();
  if (options.requestId) sent.set(REQUEST_ID_HEADER, options.requestId);
  injectTrace(sent, trace.setSpan(context.active(), span));
  const message = await connection.nats
    .request(rpc.subject, encode(request), { timeout: options.timeoutMs, headers: sent })
    .catch((err: unknown) => {
      const noResponder = err instanceof NatsError && err.code === ErrorCode.NoResponders;
      throw noResponder ? new NoResponderError(rpc.subject, err) : new BusTimeoutError(rpc.subject, err);
    });
  const errorCode = message.headers?.get(ERROR_HEADER);
  if (errorCode) throw new RemoteError(rpc.subject, errorCode, `${rpc.subject} answered ${errorCode}`);
  try {
    return decode(rpc.reply, message.data);
  } catch (err) {
    connection.dropMalformed('reply', { err, subject: rpc.subject, request_id: options.requestId });
    throw new RemoteError(rpc.subject, 'malformed_reply', String(err));
  }
}

/**
 * Serves a request in the service's queue group until the connection closes. A malformed request is answered
 * with an error and logged; a handler that throws answers `failed` without its reason, which is logged.
 */
export function serve<Request extends z.ZodType, Reply extends z.ZodType>(
  connection: Connection,
  log: Logger,
  rpc: Rpc<Request, Reply>,
  handler: RpcHandler<Request, Reply>,
): void {
  let inFlight = 0;
  const answer = async (message: Msg, endpoint: Endpoint): Promise<void> => {
    const end = endpoint.begin();
    const requestId = message.headers?.get(REQUEST_ID_HEADER) || undefined;
    let request: z.infer<Request>;
    try {
      request = decode(rpc.request, message.data);
    } catch (err) {
      connection.dropMalformed('request', { err, subject: rpc.subject, request_id: requestId });
      refuse(message, 'malformed_request');
      return end('refused', 'malformed_request');
    }
    if (inFlight >= MAX_IN_FLIGHT) {
      refuse(message, 'overloaded');
      return end('refused', 'overloaded');
    }
    inFlight++;
    const settings = { kind: SpanKind.SERVER, parent: extractTrace(message.headers) };
    try {
      const reply = await inSpan(rpc.subject, settings, () => handler(request, { requestId }));
      message.respond(encode(reply));
      end('ok');
    } catch (err) {
      log.error({ err, subject: rpc.subject, request_id: requestId }, 'request failed');
      refuse(message, 'failed');
      end('error', err instanceof Error ? err.name : 'failed');
    } finally {
      inFlight--;
    }
  };
  connection.serve(rpc.subject, rpc.service, answer);
}

function refuse(message: Msg, code: string): void {
  const sent = headers();
  sent.set(ERROR_HEADER, code);
  message.respond(undefined, { headers: sent });
}
