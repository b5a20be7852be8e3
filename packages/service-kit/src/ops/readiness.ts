/**
 * Whether this process can work. It can once it has started, until it is told to stop, as long as what it needs in
 * itself is there; that a neighbour does not answer is no reason to take it out of service.
 */
export class Readiness {
  readonly #needs = new Map<string, () => boolean>();
  #started = false;

  constructor(private readonly stopping: AbortSignal) {}

  /** Names something that this process cannot work without. */
  need(name: string, isThere: () => boolean): void {
    this.#needs.set(name, isThere);
  }

  /** The process has started. */
  started(): void {
    this.#started = true;
  }

  /** Why it cannot work; empty when it can. */
  get missing(): string[] {
    if (this.stopping.aborted) return ['stopping'];
    if (!this.#started) return ['starting'];
    return [...this.#needs].filter(([, isThere]) => !isThere()).map(([name]) => name);
  }
}
