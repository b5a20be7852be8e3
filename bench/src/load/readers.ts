import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Opened at a time. */
const OPENING = 50;
const PROGRESS = '"type":"progress"';

/**
 * Readers of one stream of events, each with a connection of its own. They look at the bytes only: with an HTTP client
 * each, the readers would take longer to hear than anybody takes to tell them.
 */
export class Readers {
  readonly #url: URL;
  readonly #head: string;
  readonly #sockets: Socket[] = [];
  #heard = 0;
  #lastAt = 0;
  #all: () => void = () => {};

  constructor(url: string, headers: Record<string, string>) {
    this.#url = new URL(url);
    const lines = Object.entries({ host: this.#url.host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#head = `GET ${this.#url.pathname} HTTP/1.1\r\n${lines.join('')}\r\n`;
  }

  /** Opens readers until there are so many. @throws when an answer is not 200 */
  async open(count: number): Promise<void> {
    while (this.#sockets.length < count) {
      const missing = Math.min(OPENING, count - this.#sockets.length);
      await Promise.all(Array.from({ length: missing }, () => this.#open()));
    }
  }

  /**
   * Starts to count who hears of a progress; gives when the last of all did, as `performance.now()`.
   * @throws when one does not within the time
   */
  async heard(withinMs: number): Promise<number> {
    this.#heard = 0;
    await new Promise<void>((resolve, reject) => {
      const late = () => reject(new Error(`${this.#heard} of ${this.#sockets.length} readers heard`));
      const timer = setTimeout(late, withinMs);
      this.#all = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    return this.#lastAt;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async #open(): Promise<void> {
    const socket = connect(Number(this.#url.port), this.#url.hostname);
    this.#sockets.push(socket);
    socket.write(this.#head);
    const [first] = (await once(socket, 'data')) as [Buffer];
    if (!first.toString('latin1').startsWith('HTTP/1.1 200')) throw new Error('a stream was not answered with 200');
    socket.on('data', (bytes) => {
      if (!bytes.includes(PROGRESS)) return;
      this.#lastAt = performance.now();
      if (++this.#heard === this.#sockets.length) this.#all();
    });
  }
}
