import { ErrorCode, NatsError, RequestStrategy } from 'nats';
import { z } from 'zod';
import { decode } from './codec.js';
import type { Connection } from './connection.js';

/** A process that answers by the NATS services protocol. */
export interface FoundProcess {
  service: string;
  /** Of this process, for `metricsOf`. */
  id: string;
  /** Its name among its likes. */
  instance: string;
}

const identitySchema = z.object({ name: z.string(), id: z.string(), metadata: z.object({ instance: z.string() }) });

/** Whether any process of a service answers within the time. */
export async function answers(connection: Connection, service: string, timeoutMs: number): Promise<boolean> {
  if (!connection.connected) return false;
  return connection.nats.request(`$SRV.PING.${service}`, undefined, { timeout: timeoutMs }).then(
    () => true,
    () => false,
  );
}

/** Every process that answers within the time, which is waited for to its end; none without a connection. */
export async function discover(connection: Connection, withinMs: number): Promise<FoundProcess[]> {
  if (!connection.connected) return [];
  const options = { strategy: RequestStrategy.Timer, maxWait: withinMs };
  const found: FoundProcess[] = [];
  try {
    for await (const { data } of await connection.nats.requestMany('$SRV.PING', undefined, options)) {
      const identity = parseIdentity(data);
      if (identity) found.push(identity);
    }
  } catch (err) {
    if (!(err instanceof NatsError && err.code === ErrorCode.NoResponders)) throw err;
  }
  return found;
}

/** Undefined for a service of somebody else on the same server. */
function parseIdentity(data: Uint8Array): FoundProcess | undefined {
  const parsed = identitySchema.safeParse(decode(z.unknown(), data));
  if (!parsed.success) return undefined;
  const { name, id, metadata } = parsed.data;
  return { service: name, id, instance: metadata.instance };
}
