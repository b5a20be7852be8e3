import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a request came to, its retries included. */
export interface Outcome {
  status: number;
  body: string;
  /** How often it was refused with 503 and a Retry-After before. */
  retries: number;
}

/** As often as OpenAI's clients do. */
const RETRIES = 2;
const MS_PER_S = 1000;

/**
 * Sends requests to several gateways in turn as a proxy does, each over a connection of its own: one that refuses the
 * connection is passed over, and what was sent is never sent to another. A 503 with Retry-After is tried again, as
 * OpenAI's clients do.
 */
export class BalancedClient {
  readonly #gateways = new Set<string>();
  #next = 0;

  /** Begins to send to a gateway. */
  add(baseUrl: string): void {
    this.#gateways.add(baseUrl);
  }

  /** Sends to it no more. Resolves when all that was sent has been accepted. */
  async remove(baseUrl: string): Promise<void> {
    this.#gateways.delete(baseUrl);
    // It accepts connections in their order.
    await send(baseUrl, 'GET', '/healthz', undefined);
  }

  /** Sends a request. @throws what breaks a connection */
  async request(method: string, path: string, body?: object): Promise<Outcome> {
    for (let retries = 0; ; retries++) {
      const answer = await this.#sendToOne(method, path, body);
      const { retryAfter, ...outcome } = answer;
      if (outcome.status !== 503 || retryAfter === undefined || retries === RETRIES) return { ...outcome, retries };
      await sleep(Number(retryAfter) * MS_PER_S);
    }
  }

  async #sendToOne(method: string, path: string, body: object | undefined): Promise<Answer> {
    const gateways = [...this.#gateways];
    this.#next++;
    for (let tried = 0; ; tried++) {
      const gateway = gateways[(this.#next + tried) % gateways.length];
      if (gateway === undefined) throw new Error('no gateway is left');
      try {
        return await send(gateway, method, path, body);
      } catch (err) {
        const isRefused = err instanceof Error && 'code' in err && err.code === 'ECONNREFUSED';
        if (!isRefused || tried + 1 >= gateways.length) throw err;
      }
    }
  }
}

interface Answer {
  status: number;
  body: string;
  retryAfter: string | undefined;
}

function send(baseUrl: string, method: string, path: string, body: object | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const outgoing = request(baseUrl + path, { method, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece) => {
        text += piece;
      });
      answer.on('error', reject);
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, body: text, retryAfter: answer.headers['retry-after'] });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
