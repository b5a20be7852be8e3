import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

/** A callback as it arrived. */
export interface ReceivedCallback {
  path: string;
  headers: IncomingHttpHeaders;
  /** To the letter: what the signature is of. */
  body: string;
  /** By the clock of this process, in milliseconds. */
  at: number;
}

/** Answers one callback. `nth` counts those with the same webhook id, from 1. */
export type AnswerCallback = (response: ServerResponse, received: ReceivedCallback, nth: number) => unknown;

const POLL_WITHIN_MS = 30_000;

/** A server on loopback that takes callbacks, as a client would run it. */
export class Receiver {
  readonly received: ReceivedCallback[] = [];
  /** The most requests that were in its hands at a time. */
  mostInFlight = 0;
  /** What it does with those that come from now on. */
  answer: AnswerCallback;
  readonly #server = createServer();
  readonly #waiting = new Set<() => void>();
  #connections = 0;
  #inFlight = 0;

  private constructor(answer: AnswerCallback) {
    this.answer = answer;
  }

  /** Starts one; without `answer` it takes everything. */
  static async start(answer: AnswerCallback = (response) => response.writeHead(204).end()): Promise<Receiver> {
    const receiver = new Receiver(answer);
    await receiver.#listen();
    return receiver;
  }

  get origin(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the receiver does not listen');
    return `http://127.0.0.1:${address.port}`;
  }

  url(path = '/hook'): string {
    return this.origin + path;
  }

  /** Connections made to it so far. */
  get connections(): number {
    return this.#connections;
  }

  /** Resolves when that many callbacks have arrived. */
  async until(count: number, withinMs = POLL_WITHIN_MS): Promise<ReceivedCallback[]> {
    const deadline = Date.now() + withinMs;
    while (this.received.length < count) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`${this.received.length} of ${count} callbacks came within ${withinMs} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiting.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return this.received;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #listen(): Promise<void> {
    this.#server.on('connection', () => this.#connections++);
    this.#server.on('request', async (request, response) => {
      this.#inFlight++;
      this.mostInFlight = Math.max(this.mostInFlight, this.#inFlight);
      response.on('close', () => this.#inFlight--);
      const body = await text(request);
      const received = { path: request.url ?? '', headers: request.headers, body, at: Date.now() };
      this.received.push(received);
      const id = received.headers['webhook-id'];
      const nth = this.received.filter(({ headers }) => headers['webhook-id'] === id).length;
      this.answer(response, received, nth);
      for (const resume of this.#waiting) resume();
      this.#waiting.clear();
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }
}
