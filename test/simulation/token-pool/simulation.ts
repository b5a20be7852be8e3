import { type CredentialChange, grantIds } from '@grok2api/contracts';
import { ALL_MODELS, type Return } from '../../../packages/credential-client/src/stock.js';
import { BrokenPromiseError } from '../broken-promise-error.js';
import type { Tally } from '../tally.js';
import { type Call, Holder } from './holder.js';
import { type Loss, MODELS, type Move, type Plan } from './moves.js';
import type { CredentialTruth, PoolDatabase } from './pool-database.js';
import { checkLimits, checkReply, checkUse } from './promises.js';
import { GRANT_TTL_MS, Replica } from './replica.js';

const START = Date.UTC(2030, 0, 1);
const REPLICAS = 3;
/** What each process' clock is ahead of the others'. */
const CLOCKS_APART_MS = 1_000_000;

/** Holders of grants that call the upstream, and three processes of the token pool on one database. One run of a plan. */
export class Simulation {
  readonly #replicas: Replica[] = [];
  readonly #holders: Holder[];
  readonly #events: CredentialChange[] = [];
  #limits = new Map<string, number>();
  #now = START;
  #requests = 0;
  #names = 0;

  constructor(
    private readonly pool: PoolDatabase,
    private readonly tally: Tally,
    private readonly plan: Plan,
  ) {
    this.#holders = Array.from({ length: plan.holders }, () => this.#newHolder());
  }

  /** Everything in the plan, then peace, in which all slots have to come back. @throws BrokenPromiseError */
  async run(): Promise<void> {
    const ids = await this.pool.begin(this.#now, this.plan.limits);
    this.#limits = new Map(ids.map((id, index) => [id, this.plan.limits[index] ?? 0]));
    for (let index = 0; index < REPLICAS; index++) this.#replicas.push(await this.#newReplica(index));
    for (const moves of this.plan.moves) {
      // What a grant has to fit is known only while nothing else happens.
      const truths = moves.length === 1 ? await this.pool.truths() : undefined;
      await Promise.all(moves.map((move) => this.#perform(move, truths)));
      checkUse(this.#holders, this.#limits, this.#now);
    }
    await this.#settle(ids);
    checkLimits(await this.pool.mostGranted(), this.#limits, 'slots granted');
  }

  async #perform(move: Move, truths: ReadonlyMap<string, CredentialTruth> | undefined): Promise<void> {
    switch (move.move) {
      case 'acquire':
        return this.#acquire(move, truths);
      case 'begin a call':
        return this.#begin(this.#holder(move.holder), move.model);
      case 'end a call':
        return this.#end(move);
      case 'look':
        return this.#look(this.#holder(move.holder), move);
      case 'renew':
        return this.#renew(this.#holder(move.holder), move);
      case 'time passes':
        return this.#passTime(move.ms);
      case 'kill':
        this.#holders[move.holder % this.#holders.length] = this.#newHolder();
        return;
      case 'freeze':
        this.#holder(move.holder).frozen = true;
        return;
      case 'thaw':
        this.#holder(move.holder).frozen = false;
        return;
      case 'replica starts anew':
        this.#replicas[move.replica % REPLICAS] = await this.#newReplica(move.replica % REPLICAS);
        return;
      case 'replica catches up':
        return this.#replica(move.replica).catchUp();
      case 'events arrive':
        return this.#deliverEvents();
      case 'events are lost':
        this.#events.length = 0;
        return;
      case 'disable':
      case 'enable':
        return this.pool.setEnabled(this.#credential(move.credential), move.move === 'enable');
      case 'the database restarts':
        return this.pool.restart();
    }
  }

  // A holder's clock is never ahead: else it would take a grant for younger than it is.
  async #passTime(ms: number): Promise<void> {
    await this.pool.passTime(ms);
    this.#now += ms;
  }

  async #acquire(
    move: Extract<Move, { move: 'acquire' }>,
    truths: ReadonlyMap<string, CredentialTruth> | undefined,
  ): Promise<void> {
    const holder = this.#holder(move.holder);
    if (holder.frozen || move.loss === 'the request') return;
    const models = move.models === MODELS.length ? [...MODELS] : MODELS.slice(move.models, move.models + 1);
    const request = { request_id: this.#newRequestId(), holder: holder.name, models, slots: move.slots };
    const askedAt = this.#now;
    const replica = this.#replica(move.replica);
    const reply = await replica.grants.acquire(request);
    if (truths) checkReply(reply, truths);
    this.tally.add(reply.status === 'none' ? `refused: ${reply.reason}` : reply.status);
    if (move.loss === 'the reply') {
      const ids = grantIds(request);
      await replica.grants.release(ids.map((id) => ({ id, holder: holder.name, keep: 0 })));
      return;
    }
    for (const grant of holder.take(reply, models, askedAt)) if (grant.once) this.tally.add('probes granted');
  }

  async #begin(holder: Holder, model: number): Promise<void> {
    if (!holder.frozen && holder.begin(MODELS[model] ?? MODELS[0], this.#now)) this.tally.add('calls');
  }

  async #end(move: Extract<Move, { move: 'end a call' }>): Promise<void> {
    const holder = this.#holder(move.holder);
    const ended = holder.frozen ? undefined : holder.end();
    if (!ended) return;
    await this.#giveBack(holder, ended.returns, move);
    await this.#report(holder, ended.call, move);
  }

  /** As the client does: heeds the outcome itself, and tells the pool what may matter to it. */
  async #report(
    { stock }: Holder,
    { grant, model }: Call,
    { outcome, replica, retryAfterMs, loss }: Extract<Move, { move: 'end a call' }>,
  ): Promise<void> {
    const id = grant.credential.id;
    const isGood = outcome === 'ok' || outcome === 'not_counted';
    if (outcome === 'not_counted' && !grant.once) return;
    if (isGood && !stock.unwatch(id, model)) return;
    if (outcome === 'fault' || outcome === 'rate_limited') stock.watch(id, [model]);
    const isWhole = outcome === 'dead' || outcome === 'no_credits';
    if (!isGood && outcome !== 'fault') stock.bar(id, [isWhole ? ALL_MODELS : model], this.#now);
    this.tally.add(`reported ${outcome}`);
    if (loss === 'the request') return;
    const retry = retryAfterMs > 0 ? { retry_after_ms: retryAfterMs } : {};
    await this.#replica(replica).reports.record({ credential_id: id, model, outcome, ...retry });
  }

  async #look(holder: Holder, move: { replica: number; loss: Loss }): Promise<void> {
    if (holder.frozen) return;
    holder.stock.dropEnded(this.#now);
    await this.#giveBack(holder, holder.stock.surplus(this.#now), move);
  }

  async #renew(holder: Holder, { replica, loss }: { replica: number; loss: Loss }): Promise<void> {
    if (holder.frozen || loss === 'the request') return;
    const held = [...holder.stock.grants].filter(({ counted, used }) => counted || used > 0);
    const askedAt = this.#now;
    const asked = held.map(({ id, credential, asked: models, counted }) => {
      return { id, holder: holder.name, credentialId: credential.id, models, counted };
    });
    const renewed = await this.#replica(replica).grants.renew(asked);
    if (loss === 'the reply') return;
    for (const grant of held) {
      const news = renewed.find(({ id }) => id === grant.id);
      if (!news) {
        if (grant.counted && this.#now < grant.renewedAt + grant.lifetimeMs && grant.used > 0) {
          throw new BrokenPromiseError(`${grant.id} is gone before its time`);
        }
        grant.bar();
        continue;
      }
      this.tally.add('renewed');
      grant.renewedAt = askedAt;
      if (!grant.once) holder.stock.allow(grant, news.models, askedAt);
    }
  }

  async #giveBack(holder: Holder, returns: readonly Return[], move: { replica: number; loss: Loss }): Promise<void> {
    if (returns.length === 0 || move.loss === 'the request') return;
    this.tally.add('given back', returns.length);
    const grants = returns.map(({ id, keep }) => ({ id, holder: holder.name, keep }));
    await this.#replica(move.replica).grants.release(grants);
  }

  async #deliverEvents(): Promise<void> {
    const events = this.#events.splice(0);
    for (const holder of this.#holders) {
      if (holder.frozen) continue;
      for (const event of events) {
        const returns = holder.hear(event, this.#now);
        await this.#giveBack(holder, returns, { replica: 0, loss: 'nothing' });
      }
    }
    for (const replica of this.#replicas) await replica.catchUp();
  }

  /** Everybody who held anything is gone, and nothing is held against any credential: all slots are to be had. */
  async #settle(ids: readonly string[]): Promise<void> {
    await this.pool.forgive();
    // Twice: after a restart of the database what expired meanwhile is kept for as long again.
    await this.#passTime(2 * GRANT_TTL_MS + 1);
    for (const replica of this.#replicas) await replica.catchUp();

    const used = new Set<string>();
    for (let round = 0; round < 2 * REPLICAS * ids.length; round++) {
      const [grant, ...others] = await this.#acquireOne(round);
      if (!grant || others.length > 0) throw new BrokenPromiseError('a free credential was refused');
      used.add(grant.credential.id);
      await this.#replica(round).grants.release([{ id: grant.id, holder: 'last', keep: 0 }]);
    }
    for (const id of ids) if (!used.has(id)) throw new BrokenPromiseError(`${id} starves`);

    const limited = ids.filter((id) => (this.#limits.get(id) ?? 0) > 0);
    for (const id of ids) if (!limited.includes(id)) await this.pool.setEnabled(id, false);
    let slots = 0;
    for (let round = 0; ; round++) {
      const grants = await this.#acquireOne(round);
      if (grants.length === 0) break;
      slots += grants.length;
    }
    const all = limited.reduce((sum, id) => sum + (this.#limits.get(id) ?? 0), 0);
    if (slots !== all) throw new BrokenPromiseError(`${slots} of ${all} slots have come back`);
  }

  async #acquireOne(replica: number) {
    const request = { request_id: this.#newRequestId(), holder: 'last', models: [MODELS[0]], slots: 1 };
    const reply = await this.#replica(replica).grants.acquire(request);
    return reply.status === 'granted' ? reply.grants : [];
  }

  #newReplica(index: number): Promise<Replica> {
    const announce = (changes: readonly CredentialChange[]) => void this.#events.push(...changes);
    return Replica.start(
      this.pool,
      () => this.#now + index * CLOCKS_APART_MS,
      () => 0.5,
      announce,
    );
  }

  #newHolder(): Holder {
    return new Holder(`holder-${this.#names++}`);
  }

  #newRequestId(): string {
    return `grant_${(++this.#requests).toString(16).padStart(32, '0')}`;
  }

  #holder(index: number): Holder {
    const holder = this.#holders[index % this.#holders.length];
    if (!holder) throw new Error('there is no holder');
    return holder;
  }

  #replica(index: number): Replica {
    const replica = this.#replicas[index % REPLICAS];
    if (!replica) throw new Error('there is no replica');
    return replica;
  }

  #credential(index: number): string {
    return [...this.#limits.keys()][index % this.#limits.size] ?? '';
  }
}
