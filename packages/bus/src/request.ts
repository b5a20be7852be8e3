import type { Rpc } from '@grok2api/contracts';
import type { Logger } from '@grok2api/service-kit';
import { ErrorCode, headers, type Msg, NatsError } from 'nats';
import type { z } from 'zod';
import { decode, encode } from './codec.js';
import type { Connection } from './connection.js';
import { BusTimeoutError, NoResponderError, RemoteError } from './errors.js';
import { REQUEST_ID_HEADER } from './headers.js';

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
  // While the connection is down a request would only sit in the client's buffer.
  if (!connection.connected) throw new BusTimeoutError(rpc.subject);
  const sent = headers();
  if (options.requestId) sent.set(REQUEST_ID_HEADER, options.requestId);
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
  const answer = async (message: Msg): Promise<void> => {
    const requestId = message.headers?.get(REQUEST_ID_HEADER) || undefined;
    let request: z.infer<Request>;
    try {
      request = decode(rpc.request, message.data);
    } catch (err) {
      log.warn({ err, subject: rpc.subject, request_id: requestId }, 'malformed request');
      return refuse(message, 'malformed_request');
    }
    if (inFlight >= MAX_IN_FLIGHT) return refuse(message, 'overloaded');
    inFlight++;
    try {
      message.respond(encode(await handler(request, { requestId })));
    } catch (err) {
      log.error({ err, subject: rpc.subject, request_id: requestId }, 'request failed');
      refuse(message, 'failed');
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
