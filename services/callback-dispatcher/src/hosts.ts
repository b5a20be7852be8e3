interface HostState {
  inFlight: number;
  /** Attempts in a row that the host did not answer. */
  silences: number;
  /** How long it is left alone; 0 while it is not. */
  restMs: number;
  restUntil: number;
}

/** Attempts in a row without an answer that make a host one that is dead. */
const SILENCES_UNTIL_REST = 3;
const FIRST_REST_MS = 15_000;
const LONGEST_REST_MS = 300_000;
/** A host that was not asked for so long is forgotten. */
const FORGET_AFTER_MS = 3_600_000;

/**
 * How many callbacks each host may be sent at the moment: a limit for each, and none for a while for one that has not
 * answered several times in a row. After that it is sent one, to see; the rests get longer until it answers.
 */
export class Hosts {
  readonly #states = new Map<string, HostState>();

  constructor(
    private readonly perHost: number,
    /** Milliseconds. */
    private readonly now: () => number,
  ) {}

  /** The hosts that may be sent fewer than the limit, with how many. */
  room(): Map<string, number> {
    const room = new Map<string, number>();
    const now = this.now();
    for (const [host, state] of this.#states) {
      if (state.inFlight === 0 && now > state.restUntil + FORGET_AFTER_MS) this.#states.delete(host);
      else room.set(host, Math.max(0, this.#limit(state) - state.inFlight));
    }
    return room;
  }

  /** Whether a host is left alone at the moment. */
  rests(host: string): boolean {
    return this.now() < (this.#states.get(host)?.restUntil ?? 0);
  }

  /** How many hosts are left alone at the moment. */
  get resting(): number {
    const now = this.now();
    return [...this.#states.values()].filter(({ restMs, restUntil }) => restMs > 0 && now < restUntil).length;
  }

  /** Notes that a host is being sent something. */
  begin(host: string): void {
    const state = this.#states.get(host) ?? { inFlight: 0, silences: 0, restMs: 0, restUntil: this.now() };
    state.inFlight++;
    this.#states.set(host, state);
  }

  /** Notes how that ended: whether the host answered, undefined when it was not asked. */
  end(host: string, answered: boolean | undefined): void {
    const state = this.#states.get(host);
    if (!state) return;
    state.inFlight--;
    if (answered === true) Object.assign(state, { silences: 0, restMs: 0, restUntil: this.now() });
    if (answered === false) this.#silent(state);
    if (state.inFlight === 0 && state.silences === 0) this.#states.delete(host);
  }

  #limit({ silences, restUntil }: HostState): number {
    if (silences < SILENCES_UNTIL_REST) return this.perHost;
    return this.now() < restUntil ? 0 : 1;
  }

  #silent(state: HostState): void {
    // What was sent before the rest began says nothing new.
    if (state.restMs > 0 && this.now() < state.restUntil) return;
    state.silences++;
    if (state.silences < SILENCES_UNTIL_REST) {
      state.restUntil = this.now();
      return;
    }
    state.restMs = Math.min(Math.max(2 * state.restMs, FIRST_REST_MS), LONGEST_REST_MS);
    state.restUntil = this.now() + state.restMs;
  }
}
