import { type LogLevel, logLevelOf, metricsOf } from '@grok2api/contracts';
import type { Logger, Metrics } from '@grok2api/service-kit';
import {
  nuid,
  type ServiceIdentity,
  type ServiceInfo,
  ServiceResponseType,
  type ServiceStats,
  ServiceVerb,
  type Subscription,
} from 'nats';
import { encode } from './codec.js';
import type { Connection } from './connection.js';
import { subscribe } from './events.js';
import { serve } from './request.js';

/** A process, as others see it and operators handle it over the bus. */
export interface AnnouncedProcess {
  service: string;
  /** Its name among its likes. */
  instance: string;
  metrics: Metrics;
  setLogLevel: (level: LogLevel) => void;
}

const VERSION = '1.0.0';
const PREFIX = '$SRV';

/**
 * Makes this process visible by the NATS services protocol (`nats micro ls`, `info` and `stats`), tells its metrics to
 * whoever asks, and takes the log level that is set for its service. The client's own implementation of the protocol counts
 * what a handler does before it waits for the first time, which is nothing here.
 * @returns what makes it invisible again; what is asked of it over the bus besides is answered until the connection closes
 */
export function offerServiceApi(connection: Connection, log: Logger, announced: AnnouncedProcess): () => void {
  const { service, instance, metrics, setLogLevel } = announced;
  const id = nuid.next();
  const started = new Date().toISOString();
  const identity = { name: service, id, version: VERSION, metadata: { instance } };

  serve(connection, log, metricsOf(service, id), async () => {
    return { service, instance, at: Date.now(), samples: await metrics.samples() };
  });
  subscribe(connection, log, logLevelOf(service), ({ level }) => setLogLevel(level));

  const answers: Record<ServiceVerb, () => ServiceIdentity | ServiceInfo | ServiceStats> = {
    [ServiceVerb.PING]: () => ({ type: ServiceResponseType.PING, ...identity }),
    [ServiceVerb.INFO]: () => ({
      type: ServiceResponseType.INFO,
      ...identity,
      description: '',
      endpoints: connection.endpoints.map(({ name, subject, queue }) => ({ name, subject, queue_group: queue })),
    }),
    [ServiceVerb.STATS]: () => ({
      type: ServiceResponseType.STATS,
      ...identity,
      started,
      endpoints: connection.endpoints.map((endpoint) => endpoint.stats()),
    }),
  };
  const subscriptions: Subscription[] = Object.values(ServiceVerb).flatMap((verb) =>
    ['', `.${service}`, `.${service}.${id}`].map((whom) =>
      connection.listen(`${PREFIX}.${verb}${whom}`, ({ reply }) => {
        if (reply) connection.send(reply, encode(answers[verb]()));
      }),
    ),
  );
  return () => {
    for (const subscription of subscriptions) subscription.unsubscribe();
  };
}
