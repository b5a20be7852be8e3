import type { CredentialChange, Grant } from '@grok2api/contracts';
import type { Sample } from '@grok2api/service-kit';
import { LocalGrant } from './local-grant.js';

/** What a call needs of a credential. */
export interface Wish {
  /** Upstream models, any of which would do. */
  models: readonly string[];
  /** Credentials that are taken only when no other can serve. */
  avoid: readonly string[];
  /** Calls with the same one go to the same credential, as long as that is free. */
  sticky?: string | undefined;
}

/** Slots that are given back: what the grant keeps, 0 when it is over. */
export interface Return {
  id: string;
  keep: number;
  /** When it would end by itself. */
  endsAt: number;
}

/** Stands for every model of a credential. */
export const ALL_MODELS = '*';
/** Nothing that was asked for is answered later than this. */
const BARS_MATTER_MS = 5_000;
/** After somebody had to wait for slots, none is kept in reserve for so long. */
const SCARCE_MS = 1_000;

/**
 * The grants that a process holds. Slots are handed out and taken back here, without a message. Of the limited ones
 * those in use are kept and a little headroom: what has been idle from one look to the next is given back.
 */
export class Stock {
  readonly #grants = new Set<LocalGrant>();
  /** Models of each credential that a success is to be reported of. */
  readonly #watched = new Map<string, Set<string>>();
  /** When models of a credential were barred last. */
  readonly #bars = new Map<string, Map<string, number>>();
  /** The fewest free limited slots since the last look. */
  #fewestFree = 0;
  #scarceUntil = Number.NEGATIVE_INFINITY;

  get grants(): Iterable<LocalGrant> {
    return this.#grants;
  }

  /** Slots of credentials with a limit, in use and not. */
  limitedSlots(): Sample<'state'>[] {
    const limited = [...this.#grants].filter(({ counted }) => counted);
    const used = limited.reduce((sum, grant) => sum + grant.used, 0);
    const held = limited.reduce((sum, grant) => sum + grant.slots, 0);
    return [
      { labels: { state: 'used' }, value: used },
      { labels: { state: 'idle' }, value: Math.max(0, held - used) },
    ];
  }

  /** Adds what was granted for these models. */
  add(grants: readonly Grant[], asked: readonly string[], askedAt: number): LocalGrant[] {
    return grants.map((grant) => {
      const local = new LocalGrant(grant, asked, askedAt);
      this.#grants.add(local);
      this.allow(local, grant.models, askedAt);
      this.watch(local.credential.id, grant.watched);
      return local;
    });
  }

  /** Uses a slot of the grant that was used least recently. Undefined when none can serve. */
  take({ models, avoid }: Pick<Wish, 'models' | 'avoid'>, now: number, credentialId?: string): LocalGrant | undefined {
    let best: LocalGrant | undefined;
    for (const grant of this.#grants) {
      const { id } = grant.credential;
      if (avoid.includes(id) || (credentialId !== undefined && credentialId !== id)) continue;
      if (grant.canServe(models, now) && (!best || grant.lastHandOutAt < best.lastHandOutAt)) best = grant;
    }
    if (!best) return undefined;
    best.used++;
    best.lastHandOutAt = now;
    if (best.counted) this.#fewestFree = Math.min(this.#fewestFree, this.#freeCounted(now));
    return best;
  }

  /** Credentials with a free slot for one of the models. */
  idleCredentials(models: readonly string[], now: number): string[] {
    const idle = [...this.#grants].filter((grant) => grant.canServe(models, now));
    return [...new Set(idle.map(({ credential }) => credential.id))];
  }

  /** Ends the use of a slot. Returns what is to be given back at once, if anything. */
  release(grant: LocalGrant): Return | undefined {
    grant.release();
    // Nobody may begin a call with it, so that nobody misses its free slots.
    if (grant.models.size === 0) grant.giveUp(grant.free);
    else if (grant.slots > 0) return undefined;
    return grant.slots === 0 ? this.remove(grant) : this.#reduced(grant);
  }

  /** Takes a grant out. Returns what is to be given back, if anything. */
  remove(grant: LocalGrant): Return | undefined {
    this.#grants.delete(grant);
    return grant.counted ? returnOf(grant, 0) : undefined;
  }

  /** Limited slots to ask for beyond the ones that are needed now, so that the next call finds one. */
  headroom(now: number): number {
    return now < this.#scarceUntil ? 0 : Math.floor(Math.sqrt(this.#usedCounted()));
  }

  /** What was idle since the last look and is more than the headroom. */
  surplus(now: number): Return[] {
    const surplus = this.#fewestFree - this.headroom(now);
    const returns = surplus > 0 ? this.#giveUp(surplus, () => true) : [];
    this.#fewestFree = this.#freeCounted(now);
    return returns;
  }

  /** Every idle limited slot that could serve one of the models: somebody else needs them. */
  allIdle(models: readonly string[], now: number): Return[] {
    this.#scarceUntil = now + SCARCE_MS;
    const returns = this.#giveUp(Number.POSITIVE_INFINITY, (grant) => models.some((model) => grant.models.has(model)));
    this.#fewestFree = this.#freeCounted(now);
    return returns;
  }

  /** Forgets what is over. Grants whose calls go on stay until these end. */
  dropEnded(now: number): void {
    for (const [id, bars] of this.#bars) {
      if (Math.max(...bars.values()) < now - BARS_MATTER_MS) this.#bars.delete(id);
    }
    for (const grant of this.#grants) {
      if (grant.used === 0 && (grant.retired || now >= grant.renewedAt + grant.lifetimeMs)) this.#grants.delete(grant);
    }
  }

  /**
   * Calls may be begun with these models of a grant, as the pool says; except those that were barred since it was asked:
   * it may not have known yet.
   */
  allow(grant: LocalGrant, models: readonly string[], askedAt: number): void {
    const bars = this.#bars.get(grant.credential.id);
    const isBarred = (model: string) =>
      [bars?.get(model), bars?.get(ALL_MODELS)].some((at) => at !== undefined && at >= askedAt);
    grant.models = new Set(models.filter((model) => !isBarred(model)));
  }

  /** Begins no more calls with what a credential cannot do at present. Returns what is to be given back. */
  heed({ credential_id: id, usable, barred, watched }: CredentialChange, now: number): Return[] {
    this.watch(id, watched);
    return this.bar(id, usable ? barred : [ALL_MODELS], now);
  }

  /** Begins no more calls with a credential and some models. Returns what is to be given back. */
  bar(credentialId: string, barred: readonly string[], now: number): Return[] {
    const returns: Return[] = [];
    const bars = this.#bars.get(credentialId) ?? new Map<string, number>();
    for (const model of barred) bars.set(model, now);
    if (barred.length > 0) this.#bars.set(credentialId, bars);
    for (const grant of this.#grants) {
      if (grant.credential.id !== credentialId) continue;
      if (barred.includes(ALL_MODELS)) grant.bar();
      else grant.models = new Set([...grant.models].filter((model) => !barred.includes(model)));
      if (grant.models.size > 0) continue;
      const given = this.barGrant(grant);
      if (given) returns.push(given);
    }
    return returns;
  }

  /** Begins no more calls with a grant. Returns what is to be given back, if anything. */
  barGrant(grant: LocalGrant): Return | undefined {
    grant.bar();
    grant.giveUp(grant.free);
    return grant.slots === 0 ? this.remove(grant) : this.#reduced(grant);
  }

  /** From now on a success with the credential and these models is to be reported. */
  watch(credentialId: string, models: readonly string[]): void {
    if (models.length === 0) return;
    const watched = this.#watched.get(credentialId) ?? new Set();
    for (const model of models) watched.add(model);
    this.#watched.set(credentialId, watched);
  }

  /** A success is about to be reported: whether that is worth it. It is once. */
  unwatch(credentialId: string, model: string): boolean {
    const watched = this.#watched.get(credentialId);
    if (!watched?.delete(model)) return false;
    if (watched.size === 0) this.#watched.delete(credentialId);
    return true;
  }

  #reduced(grant: LocalGrant): Return | undefined {
    return grant.counted ? returnOf(grant, grant.slots) : undefined;
  }

  // The ones that were used least recently first, so that whole grants become free.
  #giveUp(count: number, isMeant: (grant: LocalGrant) => boolean): Return[] {
    const returns: Return[] = [];
    const idle = [...this.#grants]
      .filter((grant) => grant.counted && !grant.once && grant.free > 0 && isMeant(grant))
      .sort((a, b) => a.lastHandOutAt - b.lastHandOutAt);
    let left = count;
    for (const grant of idle) {
      if (left <= 0) break;
      const given = Math.min(left, grant.free);
      left -= given;
      grant.giveUp(given);
      if (grant.slots === 0) this.#grants.delete(grant);
      returns.push(returnOf(grant, grant.slots));
    }
    return returns;
  }

  #freeCounted(now: number): number {
    let free = 0;
    for (const grant of this.#grants) if (grant.counted && grant.isValid(now)) free += grant.free;
    return free;
  }

  #usedCounted(): number {
    let used = 0;
    for (const grant of this.#grants) if (grant.counted) used += grant.used;
    return used;
  }
}

function returnOf({ id, renewedAt, lifetimeMs }: LocalGrant, keep: number): Return {
  return { id, keep, endsAt: renewedAt + lifetimeMs };
}
