import type { Receiver } from '@grok2api/testkit';
import { z } from 'zod';

const spanSchema = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).default([]),
});
const attributeSchema = z.object({ key: z.string(), value: z.object({ stringValue: z.string().optional() }) });
const exportSchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: z.array(attributeSchema) }),
      scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })),
    }),
  ),
});

/** A span as it came by OTLP, with the service that made it. */
export interface ReceivedSpan extends z.infer<typeof spanSchema> {
  service: string;
}

/** Every span that a receiver has got at `/v1/traces`. */
export function spansOf(receiver: Receiver): ReceivedSpan[] {
  return receiver.received
    .filter(({ path }) => path === '/v1/traces')
    .flatMap(({ body }) => exportSchema.parse(JSON.parse(body)).resourceSpans)
    .flatMap(({ resource, scopeSpans }) => {
      const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
      return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, service })));
    });
}

/** A span and those above it, innermost first, as `service: name`. */
export function pathOf(span: ReceivedSpan, spans: readonly ReceivedSpan[]): string[] {
  const above = spans.find(({ traceId, spanId }) => traceId === span.traceId && spanId === span.parentSpanId);
  return [`${span.service}: ${span.name}`, ...(above ? pathOf(above, spans) : [])];
}
