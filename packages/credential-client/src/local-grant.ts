import type { Credential, Grant } from '@grok2api/contracts';

/** A grant in this process' hands, and how many of its slots are in use. Times are in ms. */
export class LocalGrant {
  readonly id: string;
  /** Holds a secret: not for logs or storage. */
  readonly credential: Credential;
  readonly counted: boolean;
  readonly once: boolean;
  readonly terms: string | undefined;
  readonly lifetimeMs: number;
  /** Models that calls may be begun with. */
  models: ReadonlySet<string>;
  used = 0;
  lastHandOutAt = Number.NEGATIVE_INFINITY;
  renewedAt: number;
  /** Whether another one is to be used in its place. */
  retired = false;
  #slots: number;

  /**
   * @param asked the models that it was asked for
   * @param takenAt when the request was sent: it was granted later, so that it never ends here after it ends there
   */
  constructor(
    grant: Grant,
    readonly asked: readonly string[],
    readonly takenAt: number,
  ) {
    this.id = grant.id;
    this.credential = grant.credential;
    this.counted = grant.counted;
    this.once = grant.once;
    this.terms = grant.terms;
    this.lifetimeMs = grant.expires_in_ms;
    this.models = new Set(grant.models);
    this.renewedAt = takenAt;
    this.#slots = grant.slots;
  }

  /** Slots that are held, used or not. */
  get slots(): number {
    return this.#slots;
  }

  get free(): number {
    return this.#slots - this.used;
  }

  /** Whether calls may begin. */
  isValid(now: number): boolean {
    return this.models.size > 0 && now < this.renewedAt + this.lifetimeMs;
  }

  /** Whether a slot can be handed out for one of the models. */
  canServe(models: readonly string[], now: number): boolean {
    return !this.retired && this.free > 0 && this.isValid(now) && models.some((model) => this.models.has(model));
  }

  /** Ends the use of a slot. One that is good for one call is gone with it. */
  release(): void {
    this.used--;
    if (this.once) this.#slots--;
  }

  /** Gives up free slots. */
  giveUp(count: number): void {
    this.#slots -= Math.min(count, this.free);
  }

  /** Lets no call begin any more. */
  bar(): void {
    this.models = new Set();
  }
}
