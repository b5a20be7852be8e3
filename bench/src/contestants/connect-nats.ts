import { connect, type NatsConnection } from 'nats';

/** Connects to the server of NATS_URL, which has the user and the password in it. */
export function connectNats(): Promise<NatsConnection> {
  const { host, username, password } = new URL(process.env.NATS_URL ?? '');
  return connect({ servers: host, user: username, pass: password });
}
