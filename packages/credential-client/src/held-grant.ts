import type { Bus } from '@grok2api/bus';
import { type Credential, type Grant, type Outcome, releaseGrant, renewGrant } from '@grok2api/contracts';
import type { Logger } from '@grok2api/service-kit';
import { CALL } from './pool-call.js';

/** A grant is renewed this often within its time: two renewals may get lost. */
const RENEWALS = 3;

/** What is known of how a call ended, besides its outcome. */
export interface ReportDetails {
  /** From the upstream's Retry-After. */
  retryAfterMs?: number;
  /** What the upstream said, without a secret; it is cut at 500 characters. */
  message?: string;
}

/** What a held grant needs of the one who took it. */
interface GrantOwner {
  bus: Bus;
  holder: string;
  now: () => number;
  log: Logger;
  report(credentialId: string, model: string, outcome: Outcome, details?: ReportDetails): void;
  /** Called once, when the grant is given back. */
  released(grant: HeldGrant): void;
}

/** The right to begin a call with a credential, renewed until it is released. */
export class HeldGrant {
  readonly status = 'granted';
  readonly #owner: GrantOwner;
  readonly #grant: Grant;
  #validUntil: number;
  #timer: NodeJS.Timeout | undefined;
  #release: Promise<void> | undefined;

  /** @param askedAt when the request was sent: it was granted later, so that it never ends here after it ends there */
  constructor(owner: GrantOwner, grant: Grant, askedAt: number) {
    this.#owner = owner;
    this.#grant = grant;
    this.#validUntil = askedAt + grant.expires_in_ms;
    this.#renewLater(grant.expires_in_ms);
  }

  /** Holds a secret: not for logs or storage. */
  get credential(): Credential {
    return this.#grant.credential;
  }

  /** The upstream models it may be used for; those of the request that the credential can serve. */
  get models(): readonly string[] {
    return this.#grant.models;
  }

  /** Whether a call may begin. False after the release, or when the renewals failed for too long. */
  get valid(): boolean {
    return this.#release === undefined && this.#owner.now() < this.#validUntil;
  }

  /** Tells the token pool how a call ended. Never waits, never throws. */
  report(model: string, outcome: Outcome, details?: ReportDetails): void {
    this.#owner.report(this.credential.id, model, outcome, details);
  }

  /** Gives the slot back; later calls wait for the first. Never throws: a grant whose release got lost expires. */
  release(): Promise<void> {
    this.#release ??= this.#giveBack();
    return this.#release;
  }

  async #giveBack(): Promise<void> {
    clearTimeout(this.#timer);
    const { bus, holder, log } = this.#owner;
    try {
      await bus.call(releaseGrant, { grant_id: this.#grant.id, holder }, CALL);
    } catch (err) {
      log.debug({ err, grant: this.#grant.id }, 'release lost, the grant will expire');
    }
    this.#owner.released(this);
  }

  #renewLater(lifetimeMs: number): void {
    // A release may have come while a renewal was under way.
    if (this.#release) return;
    this.#timer = setTimeout(() => void this.#renew(lifetimeMs), lifetimeMs / RENEWALS).unref();
  }

  async #renew(lifetimeMs: number): Promise<void> {
    const { bus, holder, now, log } = this.#owner;
    const askedAt = now();
    try {
      const reply = await bus.call(renewGrant, { grant_id: this.#grant.id, holder }, CALL);
      if (!reply.renewed) {
        this.#validUntil = askedAt;
        log.warn({ grant: this.#grant.id }, 'a grant in use has expired');
        return;
      }
      this.#validUntil = askedAt + reply.expires_in_ms;
      this.#renewLater(reply.expires_in_ms);
    } catch (err) {
      log.warn({ err, grant: this.#grant.id }, 'renewal of a grant failed');
      // Beyond its time it cannot come back.
      if (this.valid) this.#renewLater(lifetimeMs);
    }
  }
}
