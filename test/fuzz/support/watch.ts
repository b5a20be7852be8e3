import type { TestSystem } from '@grok2api/testkit';

/** Processes that must live through whatever comes. */
const PROCESSES = ['api-gateway', 'chat', 'image', 'video-worker-1', 'token-pool', 'callback-dispatcher'];
/** What a process says when it met something that it had not foreseen. */
const FAULTS = [
  'request failed',
  'crashed',
  'the handler of an event failed',
  'subscription failed',
  'a reply could not be sent',
];

/** Sees whether a system lives through a test without a restart, and without a fault of its own. */
export class Watch {
  readonly #pids: Map<string, number>;
  readonly #known: number;

  constructor(private readonly system: TestSystem) {
    this.#pids = new Map(PROCESSES.map((name) => [name, system.pid(name)]));
    this.#known = this.#faults().length;
  }

  /** What went wrong since the beginning: faults that were logged, processes that were started again. */
  wrongs(): string[] {
    const restarted = [...this.#pids].filter(([name, pid]) => this.system.pid(name) !== pid);
    const faults = this.#faults().slice(this.#known);
    return [...new Set(faults), ...restarted.map(([name]) => `${name} was started again`)];
  }

  #faults(): string[] {
    const lines = FAULTS.flatMap((msg) => this.system.logLines({ msg }));
    return lines.map(({ service, subject, msg, err }) => `${service} ${subject ?? ''} ${msg}: ${messageOf(err)}`);
  }
}

function messageOf(err: unknown): unknown {
  return typeof err === 'object' && err !== null && 'message' in err ? err.message : err;
}
