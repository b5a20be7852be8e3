import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type Duplex, Transform } from 'node:stream';

/** From a client to its server, or back. */
export type Direction = 'there' | 'back';

/** A TCP connection's way to a server on this host, which a test makes worse. */
export class TcpRelay {
  readonly #server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  readonly #pairs = new Set<readonly [client: Socket, server: Socket]>();
  readonly #blocked = new Set<Direction>();
  readonly #waiting = new Set<() => void>();
  #refusing = false;
  #delayMs = 0;

  private constructor(private readonly targetPort: number) {}

  /**
   * Starts one to a port of loopback.
   * @param host where it listens
   */
  static async start(targetPort: number, host = '127.0.0.1'): Promise<TcpRelay> {
    const relay = new TcpRelay(targetPort);
    relay.#server.on('connection', (client) => relay.#join(client));
    relay.#server.listen(0, host);
    await once(relay.#server, 'listening');
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The same address by way of the relay. @param host where the client finds it */
  through(url: string, host = '127.0.0.1'): string {
    const own = new URL(url);
    own.host = `${host}:${this.port}`;
    return own.href;
  }

  /** Resets every connection, and those that are made from now on. */
  cut(): void {
    this.#refusing = true;
    for (const [client, server] of this.#pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /**
   * Lets nothing pass any more in these directions, without a word to anybody: connections stay, new ones are taken,
   * ends are not told. Both directions are what a half-open connection is.
   */
  block(...directions: Direction[]): void {
    for (const direction of directions) this.#blocked.add(direction);
  }

  /** Holds back everything for so long from now on. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Lets everything pass again; what was held back passes too. */
  heal(): void {
    this.#refusing = false;
    this.#delayMs = 0;
    this.#blocked.clear();
    for (const goOn of this.#waiting) goOn();
    this.#waiting.clear();
  }

  async stop(): Promise<void> {
    this.heal();
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const [client, server] of this.#pairs) {
      client.destroy();
      server.destroy();
    }
    await closed;
  }

  #join(client: Socket): void {
    // Told by `close`.
    client.on('error', () => {});
    if (this.#refusing) {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ port: this.targetPort, host: '127.0.0.1', allowHalfOpen: true });
    server.on('error', () => {});
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    const part = (other: Socket, direction: Direction) => async () => {
      this.#pairs.delete(pair);
      await this.#passage(direction);
      other.destroy();
    };
    client.once('close', part(server, 'there'));
    server.once('close', part(client, 'back'));
    pipe(client, this.#toll('there'), server);
    pipe(server, this.#toll('back'), client);
    client.resume();
  }

  /** Holds back what passes for as long as the direction is blocked or slow. */
  #toll(direction: Direction): Transform {
    return new Transform({
      transform: (chunk, _encoding, done) => {
        void this.#passage(direction).then(() => done(undefined, chunk));
      },
      flush: (done) => {
        void this.#passage(direction).then(() => done());
      },
    });
  }

  async #passage(direction: Direction): Promise<void> {
    if (this.#delayMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.#delayMs);
        this.#waiting.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    while (this.#blocked.has(direction)) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }
}

function pipe(from: Duplex, by: Duplex, to: Duplex): void {
  from.pipe(by).pipe(to);
}
