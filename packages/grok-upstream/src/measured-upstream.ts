import { beginSpan, failSpan } from '@grok2api/service-kit';
import { context, type Span, SpanKind, trace } from '@opentelemetry/api';
import type { ChatEvent, ChatStream } from './chat.js';
import { UpstreamError } from './errors.js';
import type { GrokUpstream } from './grok-upstream.js';
import type { UpstreamMetrics } from './upstream-metrics.js';

/** An upstream of which each call is measured and made a span of the caller's trace. */
export function measureUpstream(upstream: GrokUpstream, metrics: UpstreamMetrics): GrokUpstream {
  const measured = async <T>(operation: string, model: string | undefined, run: () => Promise<T>): Promise<T> => {
    const call = new MeasuredCall(metrics, operation, model);
    try {
      const result = await call.run(run);
      call.answered('ok');
      return result;
    } catch (err) {
      call.failed(err);
      throw err;
    } finally {
      call.end();
    }
  };
  return {
    completeChat: (credential, request, options) =>
      measured('chat', request.model, () => upstream.completeChat(credential, request, options)),
    streamChat: async (credential, request, options) => {
      const call = new MeasuredCall(metrics, 'chat_stream', request.model);
      try {
        const stream = await call.run(() => upstream.streamChat(credential, request, options));
        call.answered('ok');
        return watchStream(stream, options.signal, call, metrics);
      } catch (err) {
        call.failed(err);
        call.end();
        throw err;
      }
    },
    createImages: (credential, request, options) =>
      measured('create_images', request.model, () => upstream.createImages(credential, request, options)),
    createVideo: (credential, request, options) =>
      measured('create_video', request.model, () => upstream.createVideo(credential, request, options)),
    pollVideo: (credential, jobId, options) =>
      measured('poll_video', undefined, () => upstream.pollVideo(credential, jobId, options)),
    listModels: (credential, options) =>
      measured('list_models', undefined, () => upstream.listModels(credential, options)),
    checkKey: (credential, options) => measured('check_key', undefined, () => upstream.checkKey(credential, options)),
    close: () => upstream.close(),
  };
}

class MeasuredCall {
  readonly #begun = performance.now();
  readonly #span: Span;
  #ended = false;

  constructor(
    private readonly metrics: UpstreamMetrics,
    private readonly operation: string,
    model: string | undefined,
  ) {
    const attributes = model === undefined ? {} : { 'gen_ai.request.model': model };
    this.#span = beginSpan(`upstream ${operation}`, { kind: SpanKind.CLIENT, attributes });
    metrics.inFlight.inc({ operation });
  }

  run<T>(call: () => Promise<T>): Promise<T> {
    return context.with(trace.setSpan(context.active(), this.#span), call);
  }

  answered(outcome: string): void {
    const seconds = (performance.now() - this.#begun) / 1_000;
    this.metrics.calls.observe({ operation: this.operation, outcome }, seconds);
  }

  failed(err: unknown): void {
    failSpan(this.#span, err);
    this.answered(faultOf(err));
  }

  /** Returns whether this was the end: it comes once. */
  end(err?: unknown): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    if (err !== undefined) failSpan(this.#span, err);
    this.#span.end();
    this.metrics.inFlight.dec({ operation: this.operation });
    return true;
  }
}

function faultOf(err: unknown): string {
  return err instanceof UpstreamError ? err.fault : 'error';
}

/** The stream as it is: only its end is watched. One that nobody reads ends with its signal. */
function watchStream(
  stream: ChatStream,
  signal: AbortSignal,
  call: MeasuredCall,
  metrics: UpstreamMetrics,
): ChatStream {
  const left = () => end('left');
  const end = (outcome: string, err?: unknown) => {
    signal.removeEventListener('abort', left);
    if (call.end(err)) metrics.streams.inc({ outcome });
  };
  signal.addEventListener('abort', left, { once: true });
  if (signal.aborted) left();
  return {
    ...stream,
    [Symbol.asyncIterator]: () => {
      const events = stream[Symbol.asyncIterator]();
      return {
        next: () => {
          const result = events.next();
          // Beside the reader, not before it: each event reaches it as soon as it would otherwise.
          result.then(passed, failed);
          return result;
        },
        return: () => {
          end('left');
          return events.return?.() ?? Promise.resolve({ done: true, value: undefined });
        },
      };
    },
  };

  function passed({ done }: IteratorResult<ChatEvent[]>): void {
    if (done) end('ok');
  }

  function failed(err: unknown): void {
    end(faultOf(err), err);
  }
}
