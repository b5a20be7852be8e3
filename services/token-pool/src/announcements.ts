import type { Bus } from '@grok2api/bus';
import { type CredentialChange, credentialChanged, slotsWanted } from '@grok2api/contracts';

/** More often than this nobody is asked to give idle slots back. */
const WANTED_PAUSE_MS = 100;
/** Credentials of which the last version that was told or heard is known; the oldest are forgotten. */
const MAX_REMEMBERED = 10_000;

/**
 * Tells holders of grants, and the other processes of the token pool, what they have to know at once. Events may get
 * lost: the end of a grant is what counts.
 */
export class Announcements {
  readonly #told = new Map<string, number>();
  readonly #wanted = new Set<string>();
  #wantedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly bus: Bus,
    private readonly now: () => number,
  ) {}

  /** Calls the listener when another process, or this one, has announced a change. */
  onChange(listener: () => void): void {
    this.bus.on(credentialChanged, (change) => {
      this.#remember(change);
      listener();
    });
  }

  /** Announces what has become of credentials, except what everybody has been told already. */
  changed(changes: readonly CredentialChange[]): void {
    for (const change of changes) {
      if ((this.#told.get(change.credential_id) ?? -1) >= change.version) continue;
      this.#remember(change);
      this.bus.publish(credentialChanged, change);
    }
  }

  /** Asks for idle slots that could serve one of the models. */
  wanted(models: readonly string[]): void {
    for (const model of models) this.#wanted.add(model);
    if (this.now() - this.#wantedAt < WANTED_PAUSE_MS) return;
    this.#wantedAt = this.now();
    this.bus.publish(slotsWanted, { models: [...this.#wanted] });
    this.#wanted.clear();
  }

  #remember({ credential_id: id, version }: CredentialChange): void {
    const known = this.#told.get(id) ?? -1;
    this.#told.delete(id);
    this.#told.set(id, Math.max(known, version));
    const [oldest] = this.#told.keys();
    if (oldest !== undefined && this.#told.size > MAX_REMEMBERED) this.#told.delete(oldest);
  }
}
