import { type Context, context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { headers, type MsgHdrs } from 'nats';

const setter = { set: (carrier: MsgHdrs, key: string, value: string) => carrier.set(key, value) };
const getter = {
  keys: (carrier: MsgHdrs) => carrier.keys(),
  get: (carrier: MsgHdrs, key: string) => carrier.get(key) || undefined,
};

/** Adds the W3C trace context (`traceparent`) to a message's headers, where there is a trace. */
export function injectTrace(carrier: MsgHdrs, from: Context = context.active()): void {
  propagation.inject(from, carrier, setter);
}

/** The trace that a message is part of; the root context where it is part of none. */
export function extractTrace(carrier: MsgHdrs | undefined): Context {
  return carrier ? propagation.extract(ROOT_CONTEXT, carrier, getter) : ROOT_CONTEXT;
}

/** Headers with the trace that the caller is part of; undefined where it is part of none. */
export function traceHeaders(): MsgHdrs | undefined {
  if (!trace.getActiveSpan()) return undefined;
  const carrier = headers();
  injectTrace(carrier);
  return carrier;
}
