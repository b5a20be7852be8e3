import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request as it arrived, read whole. */
export interface ReceivedRequest {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
  /** Ends when the connection of the request does, or its answer. */
  closed: Promise<void>;
  /** Tells the connections apart. */
  clientPort: number | undefined;
}

export type Script = (response: ServerResponse, request: ReceivedRequest) => void;

/** A real HTTP server that answers as the test says. */
export class ScriptedServer {
  readonly requests: ReceivedRequest[] = [];
  #script: Script = () => {};
  #arrived: (() => void)[] = [];
  readonly #server = createServer((incoming, response) => void this.#serve(incoming, response));

  static async start(): Promise<ScriptedServer> {
    const scripted = new ScriptedServer();
    await new Promise<void>((resolve) => scripted.#server.listen(0, '127.0.0.1', resolve));
    return scripted;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Every request from now on is answered by this script. */
  play(script: Script): void {
    this.#script = script;
  }

  /** Waits until so many requests have arrived. */
  async received(count: number): Promise<ReceivedRequest> {
    for (;;) {
      const request = this.requests[count - 1];
      if (request) return request;
      await new Promise<void>((resolve) => this.#arrived.push(resolve));
    }
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const closed = new Promise<void>((resolve) => response.once('close', resolve));
    const request: ReceivedRequest = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body: await text(incoming),
      closed,
      clientPort: incoming.socket.remotePort,
    };
    this.requests.push(request);
    for (const resolve of this.#arrived.splice(0)) resolve();
    this.#script(response, request);
  }
}

/** Answers with JSON, a text as it is, or nothing. */
export function answer(status: number, body?: unknown, headers: Record<string, string> = {}): Script {
  const payload = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  return (response) => {
    response.writeHead(status, { 'content-length': Buffer.byteLength(payload), ...headers });
    response.end(payload);
  };
}

/** Closes the connection without a byte of an answer. */
export const hangUp: Script = (response) => {
  response.socket?.destroy();
};

/** Never answers. */
export const hang: Script = () => {};

/** Begins an answer and says nothing more. */
export function headersThenHang(status: number): Script {
  return (response) => {
    response.writeHead(status, { 'content-length': 100 });
    response.write('{');
  };
}

/** Announces a whole answer and closes the connection after some of it. */
export function cut(status: number, part: string, how: 'end' | 'reset' = 'end'): Script {
  return (response) => {
    response.writeHead(status, { 'content-length': part.length + 50 });
    response.write(part, () => (how === 'end' ? response.socket?.destroy() : response.socket?.resetAndDestroy()));
  };
}

/** An answer whose end is the end of its connection, so that a cut does not show. */
export function unframed(status: number, body: string): Script {
  return (response) => {
    response.socket?.end(`HTTP/1.0 ${status} X\r\ncontent-type: text/plain\r\n\r\n${body}`);
  };
}

/** Lines of server-sent events: an object is a chunk, a text is sent as it is. */
export function eventLines(...events: readonly (object | string)[]): string {
  return events.map((event) => (typeof event === 'string' ? event : `data: ${JSON.stringify(event)}\n\n`)).join('');
}

export const DONE = 'data: [DONE]\n\n';

const EVENT_STREAM = { 'content-type': 'text/event-stream; charset=utf-8' };

/** Streams the events and ends. */
export function events(...all: readonly (object | string)[]): Script {
  return (response) => {
    response.writeHead(200, EVENT_STREAM);
    response.end(eventLines(...all));
  };
}

/** Streams the events and says nothing more. */
export function eventsThenHang(...all: readonly (object | string)[]): Script {
  return (response) => {
    response.writeHead(200, EVENT_STREAM);
    response.flushHeaders();
    response.write(eventLines(...all));
  };
}

/** Streams the events and closes the connection without ending the answer. */
export function eventsThenCut(...all: readonly (object | string)[]): Script {
  return (response) => {
    response.writeHead(200, EVENT_STREAM);
    response.write(eventLines(...all), () => response.socket?.destroy());
  };
}

/** Streams bytes, each part in a packet of its own as far as the network lets it. */
export function inParts(parts: readonly Buffer[]): Script {
  return (response) => {
    response.socket?.setNoDelay(true);
    response.writeHead(200, EVENT_STREAM);
    const [...left] = parts;
    const next = () => {
      const part = left.shift();
      if (part) response.write(part, () => setImmediate(next));
      else response.end();
    };
    next();
  };
}
