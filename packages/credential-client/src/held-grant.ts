import type { Credential, Outcome } from '@grok2api/contracts';
import type { LocalGrant } from './local-grant.js';

/** What is known of how a call ended, besides its outcome. */
export interface ReportDetails {
  /** From the upstream's Retry-After. */
  retryAfterMs?: number;
  /** What the upstream said, without a secret; it is cut at 500 characters. */
  message?: string;
}

/** What a held grant needs of the one who took it. */
interface GrantOwner {
  now: () => number;
  /** Resolves when the report was delivered or dropped. */
  deliver(grant: LocalGrant, model: string, outcome: Outcome, details: ReportDetails): Promise<void>;
  /** Called once, when the slot is given back. */
  released(held: HeldGrant, grant: LocalGrant): void;
}

/** The right to begin a call with a credential, kept alive until it is released. */
export class HeldGrant {
  readonly status = 'granted';
  readonly #owner: GrantOwner;
  readonly #grant: LocalGrant;
  #released = false;
  #reported = false;

  constructor(
    owner: GrantOwner,
    grant: LocalGrant,
    /** The upstream models it may be used for; those of the request that the credential can serve. */
    readonly models: readonly string[],
  ) {
    this.#owner = owner;
    this.#grant = grant;
  }

  /** Holds a secret: not for logs or storage. */
  get credential(): Credential {
    return this.#grant.credential;
  }

  /** Whether a call may begin. False after the release, when the renewals failed for too long, or when the credential is out of use. */
  get valid(): boolean {
    return !this.#released && this.#grant.isValid(this.#owner.now());
  }

  /** Tells the token pool how a call ended, where that matters to it. Never waits, never throws. */
  report(model: string, outcome: Outcome, details: ReportDetails = {}): void {
    void this.deliver(model, outcome, details);
  }

  /** The same; resolves when the report was delivered or dropped. Never rejects. */
  deliver(model: string, outcome: Outcome, details: ReportDetails = {}): Promise<void> {
    this.#reported = true;
    return this.#owner.deliver(this.#grant, model, outcome, details);
  }

  /** Gives the slot back, for the next call of this process or of another one. Again does nothing. */
  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    const [model] = this.models;
    // Others wait for what comes of a probe, also when it came to nothing.
    if (this.#grant.once && !this.#reported && model !== undefined) this.report(model, 'not_counted');
    this.#owner.released(this, this.#grant);
  }
}
