import {
  type Context,
  context,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanOptions,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

/** Makes this project's spans; without a collector they cost next to nothing. */
const tracer = trace.getTracer('grok2api');

/** Stands for the spans that are not made. */
const NO_SPAN = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

export interface SpanSettings extends SpanOptions {
  /** What it is a part of; the active span unless it is given. */
  parent?: Context;
  /** Whether it begins a trace where there is none; one with `root` does in any case. */
  begins?: boolean;
}

/**
 * Begins a span below another, without making it the active one. What happens in no trace makes no span: background work
 * that nobody asked for would only fill the collector. The caller ends it.
 */
export function beginSpan(name: string, { parent = context.active(), begins, ...options }: SpanSettings = {}): Span {
  if (!begins && !options.root && !isInTrace(parent)) return NO_SPAN;
  return tracer.startSpan(name, options, parent);
}

/** Runs something as a span, and notes when it throws. */
export async function inSpan<T>(name: string, settings: SpanSettings, run: (span: Span) => Promise<T>): Promise<T> {
  const { parent = context.active() } = settings;
  const span = beginSpan(name, settings);
  try {
    return await context.with(trace.setSpan(parent, span), () => run(span));
  } catch (err) {
    failSpan(span, err);
    throw err;
  } finally {
    span.end();
  }
}

/** The W3C trace context of the active span, to be kept; undefined where there is none. */
export function activeTraceparent(): string | undefined {
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent;
}

/** What links a span to one whose trace context was kept. */
export function linksTo(traceparent: string | undefined): Link[] {
  if (traceparent === undefined) return [];
  const linked = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, { traceparent }));
  return linked ? [{ context: linked }] : [];
}

/** The trace that a request with these headers is part of; the root context where it is part of none. */
export function traceOf(headers: object): Context {
  return propagation.extract(ROOT_CONTEXT, headers);
}

function isInTrace(of: Context): boolean {
  const span = trace.getSpanContext(of);
  return span !== undefined && isSpanContextValid(span);
}

/** Notes that what a span stands for has failed. */
export function failSpan(span: Span, err: unknown): void {
  const message = err instanceof Error ? `${err.name}: ${err.message}` : String(err);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

/** Runs what goes on in the background for many as part of no trace, whoever began it. */
export function outOfTrace<T>(run: () => T): T {
  return context.with(ROOT_CONTEXT, run);
}

/** Runs something with a span as the active one. */
export function inTraceOf<T>(span: Span, run: () => T): T {
  return context.with(trace.setSpan(context.active(), span), run);
}

/** Remembers the caller's trace. Returns what runs something else as part of it. */
export function keepTrace(): <T>(run: () => T) => T {
  const own = context.active();
  return (run) => context.with(own, run);
}

/** The id of the trace that the caller is part of, if any. */
export function activeTraceId(): string | undefined {
  const span = trace.getActiveSpan()?.spanContext();
  return span && isSpanContextValid(span) ? span.traceId : undefined;
}
