/** A job as the simulator knows it. */
export interface SimulatorJob {
  request_id: string;
  prompt: string;
  model: string;
  has_image: boolean;
  created_at: string;
}

/** A request that the simulator got. */
export interface SimulatorRequest {
  /** Counts all requests. */
  seq: number;
  at: string;
  method: string;
  path: string;
  route: string;
  status: number | null;
  ended: 'complete' | 'client_closed' | 'hung' | 'cut' | null;
  closed_at: string | null;
  request_id?: string;
  /** Tells keys apart. */
  key_hash: string | null;
  x_request_id: string | null;
  /** Events of a streamed answer. */
  frames: number | null;
  body: unknown;
}

/** Asks the simulator what it was asked, and makes it fail. */
export class SimulatorClient {
  constructor(readonly url: string) {}

  /** Every job that was created, by the prompt it was created with. */
  async jobs(prompt?: string): Promise<SimulatorJob[]> {
    const { jobs } = await this.#json<{ jobs: SimulatorJob[] }>('GET', '/_simulator/jobs');
    return prompt === undefined ? jobs : jobs.filter((job) => job.prompt === prompt);
  }

  /** Every request so far. */
  async log(query: { method?: string; path?: string } = {}): Promise<SimulatorRequest[]> {
    const { requests } = await this.#json<{ requests: SimulatorRequest[] }>(
      'GET',
      `/_simulator/log?${new URLSearchParams(query)}`,
    );
    return requests;
  }

  /** The most calls of each key that were ever in flight at the same time. */
  async highestConcurrency(): Promise<Map<string, number>> {
    type Keys = { keys: { key_hash: string; all: { highest: number } }[] };
    const { keys } = await this.#json<Keys>('GET', '/_simulator/concurrency');
    return new Map(keys.map(({ key_hash, all }) => [key_hash, all.highest]));
  }

  /** Makes matching requests fail; see the simulator for the rules. */
  async addFault(rule: object): Promise<string> {
    return (await this.#json<{ id: string }>('POST', '/_simulator/faults', rule)).id;
  }

  /** Ends all faults. */
  async clearFaults(): Promise<void> {
    await fetch(`${this.url}/_simulator/faults`, { method: 'DELETE' });
  }

  async #json<T>(method: string, path: string, body?: object): Promise<T> {
    const answer = await fetch(this.url + path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!answer.ok) throw new Error(`the simulator answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }
}
