import type { Topic } from '@grok2api/contracts';
import type { Logger } from '@grok2api/service-kit';
import type { z } from 'zod';
import { decode, encode } from './codec.js';
import type { Connection } from './connection.js';
import { subjectTemplate } from './subject-template.js';
import { traceHeaders } from './trace-headers.js';

export interface Subscription {
  unsubscribe(): void;
}

/**
 * Publishes to whoever listens now. At most once: without a connection the event is dropped rather than
 * buffered, because its readers recover from Postgres.
 */
export function publish(connection: Connection, subject: string, event: unknown): void {
  if (!connection.connected) return;
  connection.metrics.events.inc({ subject: subjectTemplate(subject), direction: 'published' });
  const sent = traceHeaders();
  connection.nats.publish(subject, encode(event), sent ? { headers: sent } : undefined);
}

/** Calls the handler for each event on a subject. One that is malformed is counted, logged
 * and dropped; that the handler fails at one is logged. */
export function subscribe<Schema extends z.ZodType>(
  connection: Connection,
  log: Logger,
  { subject, event: schema }: Topic<Schema>,
  handler: (event: z.infer<Schema>) => void,
): Subscription {
  const received = { subject: subjectTemplate(subject), direction: 'received' };
  return connection.nats.subscribe(subject, {
    callback: (err, message) => {
      if (err) {
        log.error({ err, subject }, 'subscription failed');
        return;
      }
      connection.metrics.events.inc(received);
      let event: z.infer<Schema>;
      try {
        event = decode(schema, message.data);
      } catch (cause) {
        connection.dropMalformed('event', { err: cause, subject });
        return;
      }
      try {
        handler(event);
      } catch (cause) {
        // Beyond this function it would break the connection.
        log.error({ err: cause, subject }, 'the handler of an event failed');
      }
    },
  });
}
