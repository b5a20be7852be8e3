import { context, SpanKind, trace } from '@opentelemetry/api';
import type { Histogram } from '../metrics/metrics.js';
import { beginSpan, failSpan } from './spans.js';

export interface ObserveOptions {
  /** Begins the operations' names: `tasks` for `tasks.create`. */
  name: string;
  seconds: Histogram<'operation' | 'outcome'>;
  /** The outcome of a call that was rejected with this; `error` unless it is given. */
  outcomeOf?: (err: unknown) => string;
}

/**
 * The same object, with each call of a method that returns a promise measured and made a span of the caller's trace. Calls
 * that the object makes of its own methods are not seen.
 */
export function observeCalls<T extends object>(target: T, options: ObserveOptions): T {
  const { name, seconds, outcomeOf = () => 'error' } = options;
  const observed = new Map<PropertyKey, unknown>();

  const observe = (method: (...args: unknown[]) => unknown, operation: string) => {
    return (...args: unknown[]): unknown => {
      const begun = performance.now();
      const span = beginSpan(operation, { kind: SpanKind.CLIENT });
      const end = (outcome: string) => {
        seconds.observe({ operation, outcome }, (performance.now() - begun) / 1_000);
        span.end();
      };
      const result = context.with(trace.setSpan(context.active(), span), () => method.apply(target, args));
      if (!(result instanceof Promise)) {
        span.end();
        return result;
      }
      return result.then(
        (value: unknown) => {
          end('ok');
          return value;
        },
        (err: unknown) => {
          failSpan(span, err);
          end(outcomeOf(err));
          throw err;
        },
      );
    };
  };

  return new Proxy(target, {
    get(object, property) {
      const value: unknown = Reflect.get(object, property);
      if (typeof value !== 'function') return value;
      if (!observed.has(property)) {
        observed.set(
          property,
          observe((...args) => value.apply(object, args), `${name}.${String(property)}`),
        );
      }
      return observed.get(property);
    },
  });
}
