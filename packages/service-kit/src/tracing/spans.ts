import {
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  type SpanOptions,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

/** Makes this project's spans; without a collector they cost next to nothing. */
const tracer = trace.getTracer('grok2api');

export interface SpanSettings extends SpanOptions {
  /** What it is a part of; the active span unless it is given. */
  parent?: Context;
}

/** Begins a span, without making it the active one. The caller ends it. */
export function beginSpan(name: string, { parent = context.active(), ...options }: SpanSettings = {}): Span {
  return tracer.startSpan(name, options, parent);
}

/** Runs something as a span, and notes when it throws. */
export async function inSpan<T>(name: string, settings: SpanSettings, run: (span: Span) => Promise<T>): Promise<T> {
  const span = beginSpan(name, settings);
  try {
    return await context.with(trace.setSpan(settings.parent ?? context.active(), span), () => run(span));
  } catch (err) {
    failSpan(span, err);
    throw err;
  } finally {
    span.end();
  }
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

/** The id of the trace that the caller is part of, if any. */
export function activeTraceId(): string | undefined {
  return trace.getActiveSpan()?.spanContext().traceId;
}
