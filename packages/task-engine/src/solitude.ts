/**
 * Lets one piece of work run alone. While somebody wants to be alone nobody else may begin, and who is at work is
 * asked to leave.
 */
export class Solitude {
  readonly #atWork = new Map<Promise<void>, () => void>();
  #wanted = 0;
  #turn: Promise<void> = Promise.resolve();

  /** Resolves when nobody is, or wants to be, alone. */
  async open(): Promise<void> {
    while (this.#wanted > 0) await this.#turn;
  }

  /** Does work beside others. `leave` is called when somebody wants to be alone; the work should then end soon. */
  async beside(work: () => Promise<void>, leave: () => void): Promise<void> {
    const done = work();
    // Its failure is the caller's; here only its end counts.
    const ended = done.catch(() => {});
    this.#atWork.set(ended, leave);
    // Somebody may have come to be alone since this one was let in.
    if (this.#wanted > 0) leave();
    try {
      await done;
    } finally {
      this.#atWork.delete(ended);
    }
  }

  /** Does work alone: after all others have left, and one after the other of those who want to be alone. */
  async alone(work: () => Promise<void>): Promise<void> {
    const before = this.#turn;
    let leave = () => {};
    this.#turn = new Promise<void>((resolve) => {
      leave = resolve;
    });
    this.#wanted++;
    try {
      await before;
      while (this.#atWork.size > 0) {
        for (const askToLeave of this.#atWork.values()) askToLeave();
        await Promise.all(this.#atWork.keys());
      }
      await work();
    } finally {
      this.#wanted--;
      leave();
    }
  }
}
