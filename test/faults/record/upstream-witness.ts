import type { SimulatorClient, SimulatorRequest } from '@grok2api/testkit';
import type { UpstreamEvent } from './events.js';

const POLL = /^\/v1\/videos\/([^/]+)$/;
const CREATES = ['/v1/videos/generations', '/v1/images/generations'];

/**
 * What the simulator was asked, as events. It keeps its newest 10,000 requests: in a long run it has to be read
 * again before those are over.
 */
export class UpstreamWitness {
  readonly #requests = new Map<number, SimulatorRequest>();

  constructor(private readonly simulator: SimulatorClient) {}

  /** Keeps what it has been asked so far. */
  async read(): Promise<void> {
    for (const request of await this.simulator.log()) this.#requests.set(request.seq, request);
  }

  /** Everything that was kept, and the jobs. */
  async events(): Promise<UpstreamEvent[]> {
    await this.read();
    const jobs = await this.simulator.jobs();
    return [
      ...[...this.#requests.values()].flatMap(toEvent),
      ...jobs.map(
        ({ request_id, prompt, created_at }): UpstreamEvent => ({
          source: 'upstream',
          what: 'job',
          at: Date.parse(created_at),
          job: request_id,
          prompt,
        }),
      ),
    ];
  }
}

function toEvent({ at, method, path, status, ended, body }: SimulatorRequest): UpstreamEvent[] {
  const time = { source: 'upstream' as const, at: Date.parse(at) };
  if (method === 'POST' && CREATES.includes(path)) {
    // A request that was cut before its body was there was not taken by anybody.
    if (typeof body !== 'object' || body === null || !('prompt' in body)) return [];
    return [{ ...time, what: 'create', prompt: String(body.prompt), status, ended }];
  }
  const [, job] = POLL.exec(path) ?? [];
  return method === 'GET' && job !== undefined ? [{ ...time, what: 'poll', job }] : [];
}
