import { type AcquireReply, type AcquireRequest, type Credential, type Grant, grantIds } from '@grok2api/contracts';
import { Batches, type Logger } from '@grok2api/service-kit';
import { type Candidate, freeSlots, usableModels, watchedModels } from './candidate.js';
import { type Choice, Ranking } from './choose.js';
import { decryptCredential } from './credential-encryption.js';
import { slotsAtOnce, type Take } from './grant-decision.js';
import type { GrantLedger } from './grant-ledger.js';
import { DecryptError, type Secrets } from './secrets.js';
import type { Snapshot } from './snapshot.js';

export interface GrantsOptions {
  snapshot: Snapshot;
  ledger: GrantLedger;
  secrets: Secrets;
  ttlMs: number;
  /** In ms, by the clock of the snapshot. */
  now: () => number;
  log: Logger;
  /** Called when slots are wanted and none is free. */
  wanted: (models: readonly string[]) => void;
}

type None = Extract<AcquireReply, { status: 'none' }>;
interface Renewal {
  id: string;
  holder: string;
  credentialId: string;
  models: readonly string[];
  counted: boolean;
  terms?: string | undefined;
}
type Release = { id: string; holder: string; keep: number };
type Renewed = { id: string; models: string[]; watched: string[] };

const MAX_BATCH = 500;
/** Nobody waits for a renewal or a release: few statements are better than early ones. */
const GATHER_MS = 10;
/** Others may be faster each time; by then they have had most of what there is. */
const MAX_ROUNDS = 5;
/** A request with more slots gets them in as many parts, each of the credential that is the best by then. */
const PARTS = 8;
/** A refusal is given only on what is known for no longer than this. */
const FRESH_MS = 50;
const MOMENT_MS = 0.001;
/** Whoever was too slow in every round asks again soon. */
const LOST_RACE_RETRY_MS = 50;

/**
 * Gives out slots of credentials for a time, to many who ask at once with one transaction: the choice is made on the
 * snapshot, and what was chosen is taken from the ledger as far as the rows agree. The rest is chosen again.
 */
export class Grants {
  readonly #options: GrantsOptions;
  #lastUse = Number.NEGATIVE_INFINITY;
  readonly #acquires: Batches<AcquireRequest, AcquireReply>;
  readonly #renewals: Batches<readonly Renewal[], readonly Renewed[]>;
  readonly #releases: Batches<readonly Release[], true>;

  constructor(options: GrantsOptions) {
    this.#options = options;
    const gathering = { maxSize: MAX_BATCH, gatherMs: GATHER_MS };
    this.#acquires = new Batches((requests) => this.#acquireAll(requests), { maxSize: MAX_BATCH });
    this.#renewals = new Batches((renewals) => this.#renewAll(renewals), gathering);
    this.#releases = new Batches((grants) => this.#releaseAll(grants), gathering);
  }

  /** Grants up to the asked number of slots, at least one, of the best credentials that have any. */
  acquire(request: AcquireRequest): Promise<AcquireReply> {
    return this.#acquires.add(request);
  }

  /** Makes grants last their full time again. Those that are not in the result are gone. */
  renew(grants: readonly Renewal[]): Promise<readonly Renewed[]> {
    return this.#renewals.add(grants);
  }

  /** Leaves grants fewer slots, or none. Does nothing to those that are gone or belong to another holder. */
  async release(grants: readonly Release[]): Promise<void> {
    await this.#releases.add(grants);
  }

  async #acquireAll(requests: readonly AcquireRequest[]): Promise<AcquireReply[]> {
    const { snapshot, ledger, now } = this.#options;
    const wants = requests.map((request) => new Want(request));
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const rankings = new Map<string, Ranking>();
      const parts = wants.flatMap((want) => this.#choose(want, this.#rankingFor(want.request.models, rankings)));
      if (parts.length > 0) {
        const taken = await ledger.take(
          parts.map(({ take }) => take),
          snapshot.isListed,
        );
        snapshot.count(taken.inUse);
        snapshot.take(taken.asked, taken.read);
        for (const [index, { want, take }] of parts.entries()) {
          const slots = taken.slots[index] ?? 0;
          const isGranted = slots > 0 && this.#grant(want, take, slots);
          if (!isGranted) want.ids.push(take.id);
        }
      } else {
        const refused = wants.some((want) => want.isRefused);
        if (!refused || now() - snapshot.readAt <= FRESH_MS) break;
        await snapshot.catchUp();
      }
    }
    const busy = wants.filter(({ isRefused, none }) => isRefused && none?.reason === 'busy');
    const models = new Set(busy.flatMap(({ request }) => request.models));
    if (models.size > 0) this.#options.wanted([...models]);
    return wants.map((want) => want.reply());
  }

  /** Made once for all who ask for the same models. */
  #rankingFor(models: readonly string[], rankings: Map<string, Ranking>): Ranking {
    const { snapshot, now } = this.#options;
    const key = JSON.stringify(models);
    const ranking = rankings.get(key) ?? new Ranking(snapshot.candidates, models, now(), snapshot.isListed);
    rankings.set(key, ranking);
    return ranking;
  }

  /** Chooses for what a request still wants. The slots are marked as used, so that the next choice knows of them. */
  #choose(want: Want, ranking: Ranking): { want: Want; take: Take }[] {
    const { request } = want;
    const parts: { want: Want; take: Take }[] = [];
    let left = want.left;
    while (left > 0) {
      const choice = ranking.choose(request);
      want.none = noneOf(choice);
      if (choice.status === 'none') break;
      const { candidate, models, probe } = choice;
      if (request.idle?.includes(candidate.id) && !probe) {
        want.idle = candidate.id;
        break;
      }
      const slots = Math.min(
        left,
        Math.ceil(request.slots / PARTS),
        freeSlots(candidate),
        slotsAtOnce(candidate, probe),
      );
      this.#use(candidate, slots);
      left -= slots;
      const same = parts.find(({ take }) => take.credentialId === candidate.id && !take.probe && !probe);
      if (same) same.take.slots += slots;
      else {
        const id = want.ids.pop();
        // Not before every one of the slots has been granted.
        if (id === undefined) break;
        const { holder } = request;
        const [credentialId, paced] = [candidate.id, candidate.requestsPerSecond > 0];
        const version = this.#options.snapshot.get(credentialId)?.version ?? 0;
        parts.push({ want, take: { id, holder, credentialId, models, slots, probe, paced, version } });
      }
      // One call at a time: whoever wants more of it comes back.
      if (slotsAtOnce(candidate, probe) === 1) break;
    }
    return parts;
  }

  #use(candidate: Candidate, slots: number): void {
    const now = this.#options.now();
    // Also among those that are used within the same moment one is the least recently used.
    this.#lastUse = Math.max(now, this.#lastUse + MOMENT_MS);
    candidate.lastUsedAt = this.#lastUse;
    candidate.inUse += slots;
    if (candidate.requestsPerSecond > 0) candidate.nextCallAt = now + 1_000 / candidate.requestsPerSecond;
  }

  #grant(want: Want, take: Take, slots: number): boolean {
    const { snapshot, ttlMs } = this.#options;
    const credential = this.#credential(take.credentialId);
    const candidate = snapshot.get(take.credentialId);
    if (!credential || !candidate) return false;
    want.grants.push({
      id: take.id,
      credential,
      models: take.probe ? [...take.models] : this.#usable(candidate, want.request.models),
      slots,
      counted: candidate.maxConcurrency > 0,
      once: slotsAtOnce(candidate, take.probe) === 1,
      watched: watchedModels(candidate),
      terms: candidate.terms,
      expires_in_ms: ttlMs,
    });
    return true;
  }

  #usable(candidate: Candidate, asked: readonly string[]): string[] {
    return usableModels(candidate, asked, this.#options.now(), this.#options.snapshot.isListed);
  }

  /** Undefined when it is gone, or cannot be decrypted: that is an operator's matter, and is not tried again and again. */
  #credential(id: string): Credential | undefined {
    const { snapshot, secrets, log } = this.#options;
    const stored = snapshot.get(id);
    if (!stored) return undefined;
    try {
      return decryptCredential(stored, secrets);
    } catch (err) {
      if (!(err instanceof DecryptError)) throw err;
      log.error({ err, credential: id }, 'a credential cannot be decrypted and is not used');
      stored.enabled = false;
      return undefined;
    }
  }

  async #releaseAll(batch: readonly (readonly Release[])[]): Promise<true[]> {
    const { ledger, snapshot } = this.#options;
    for (const { credentialId, slots } of await ledger.shrink(batch.flat())) {
      const candidate = snapshot.get(credentialId);
      if (candidate) candidate.inUse = Math.max(0, candidate.inUse - slots);
    }
    return batch.map(() => true);
  }

  async #renewAll(batch: readonly (readonly Renewal[])[]): Promise<(readonly Renewed[])[]> {
    const { ledger, snapshot } = this.#options;
    const counted = batch.flat().filter((grant) => grant.counted);
    const there = counted.length > 0 ? await ledger.renew(counted) : new Set();
    return batch.map((grants) =>
      grants.flatMap(({ id, credentialId, models, counted: isCounted, terms }) => {
        const candidate = snapshot.get(credentialId);
        // A credential that has got a limit meanwhile has to be asked for anew.
        const isGone = isCounted ? !there.has(id) : candidate === undefined || candidate.maxConcurrency > 0;
        if (isGone) return [];
        const hasOtherTerms = terms !== undefined && terms !== candidate?.terms;
        if (!candidate || hasOtherTerms) return [{ id, models: [], watched: [] }];
        return [{ id, models: this.#usable(candidate, models), watched: watchedModels(candidate) }];
      }),
    );
  }
}

/** What one request has got so far. */
class Want {
  readonly grants: Grant[] = [];
  /** Why the last choice found nothing. */
  none: None | undefined;
  /** The credential of which the holder is to use the idle slot that it has. */
  idle: string | undefined;
  /** Not used yet. */
  readonly ids: string[];

  constructor(readonly request: AcquireRequest) {
    this.ids = grantIds(request).reverse();
  }

  get left(): number {
    // A part of what was wanted is enough: it says that there is no more.
    if ((this.none && this.grants.length > 0) || this.idle !== undefined) return 0;
    return this.request.slots - this.grants.reduce((sum, { slots }) => sum + slots, 0);
  }

  get isRefused(): boolean {
    return this.grants.length === 0 && this.idle === undefined;
  }

  reply(): AcquireReply {
    if (this.idle !== undefined) return { status: 'idle', credential_id: this.idle };
    if (!this.isRefused) return { status: 'granted', grants: this.grants };
    return this.none ?? { status: 'none', reason: 'busy', retry_after_ms: LOST_RACE_RETRY_MS };
  }
}

function noneOf(choice: Choice): None | undefined {
  if (choice.status === 'chosen') return undefined;
  return { status: 'none', reason: choice.reason, retry_after_ms: choice.retryAfterMs };
}
