import type { Logger } from '@grok2api/service-kit';
import type { z } from 'zod';
import { decode, encode } from './codec.js';
import type { Connection } from './connection.js';

export interface Subscription {
  unsubscribe(): void;
}

/**
 * Publishes to whoever listens now. At most once: without a connection the event is dropped rather than
 * buffered, because its readers recover from Postgres.
 */
export function publish(connection: Connection, subject: string, event: unknown): void {
  if (connection.connected) connection.nats.publish(subject, encode(event));
}

/** Calls the handler for each event on a subject. One that is malformed, or that the handler fails at, is logged and dropped. */
export function subscribe<Schema extends z.ZodType>(
  connection: Connection,
  log: Logger,
  subject: string,
  schema: Schema,
  handler: (event: z.infer<Schema>) => void,
): Subscription {
  return connection.nats.subscribe(subject, {
    callback: (err, message) => {
      if (err) {
        log.error({ err, subject }, 'subscription failed');
        return;
      }
      let event: z.infer<Schema>;
      try {
        event = decode(schema, message.data);
      } catch (cause) {
        log.warn({ err: cause, subject }, 'malformed event');
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
