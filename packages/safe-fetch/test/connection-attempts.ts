import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Socket } from 'node:net';

const CHANNEL = 'net.client.socket';

/** Records every address that this process tries to connect to, whether anybody listens there or not. */
export class ConnectionAttempts {
  /** `address:port`, in order. */
  readonly addresses: string[] = [];

  constructor() {
    subscribe(CHANNEL, this.#record);
  }

  stop(): void {
    unsubscribe(CHANNEL, this.#record);
  }

  readonly #record = (message: unknown) => {
    if (typeof message !== 'object' || message === null || !('socket' in message)) return;
    if (!(message.socket instanceof Socket)) return;
    message.socket.on('connectionAttempt', (ip, port) => this.addresses.push(`${ip}:${port}`));
  };
}
