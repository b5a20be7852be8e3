import type { Logger } from '@grok2api/service-kit';
import type { LocalGrant } from './local-grant.js';
import type { PoolLink, Renewed } from './pool-link.js';
import type { Stock } from './stock.js';

export interface KeeperOptions {
  stock: Stock;
  link: PoolLink;
  /** In ms. */
  now: () => number;
  log: Logger;
  /** Called when there are new slots. */
  supplied: () => void;
}

const LOOK_MS = 250;
/** A grant is renewed this often within its time: two renewals may get lost. */
const RENEWALS = 3;
/** A grant that was used within so long is in steady use. */
const STEADY_MS = 2 * LOOK_MS;

/**
 * Looks after the grants of a process in the background: renews those that are held, gives back limited slots that are
 * idle, and puts others in the place of unlimited ones that have lasted long enough, so that the load goes round among
 * all credentials. While the pool is away everything stays as it is, as long as the grants last.
 */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #timer: NodeJS.Timeout;
  #renewing = false;
  #failing = false;
  #replacing = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { stock, link, now } = this.#options;
    stock.dropEnded(now());
    link.giveBack(stock.surplus(now()));
    link.retryReturns();
    void this.#renew();
    void this.#replace();
  }

  async #renew(): Promise<void> {
    const { stock, link, now, log } = this.#options;
    const held = [...stock.grants].filter(({ counted, used }) => counted || used > 0);
    const isDue = (grant: LocalGrant) => now() - grant.renewedAt >= grant.lifetimeMs / RENEWALS;
    if (this.#renewing || !held.some(isDue)) return;
    this.#renewing = true;
    const askedAt = now();
    try {
      const renewed = await link.renew(held);
      for (const grant of held) this.#update(grant, renewed.get(grant.id), askedAt);
      this.#failing = false;
    } catch (err) {
      // Tried again at each look: once is enough to be told of it.
      if (!this.#failing) log.warn({ err, grants: held.length }, 'grants could not be renewed');
      this.#failing = true;
    }
    this.#renewing = false;
  }

  #update(grant: LocalGrant, renewed: Renewed | undefined, at: number): void {
    const { stock, link, log } = this.#options;
    if (!renewed) {
      // What is over is not given back.
      if (grant.used === 0) stock.remove(grant);
      else {
        log.warn({ grant: grant.id, used: grant.used }, 'a grant in use has expired');
        grant.bar();
      }
      return;
    }
    grant.renewedAt = at;
    stock.watch(grant.credential.id, renewed.watched);
    if (!grant.once) stock.allow(grant, renewed.models, at);
    if (renewed.models.length > 0) return;
    const given = stock.barGrant(grant);
    if (given) link.giveBack([given]);
  }

  async #replace(): Promise<void> {
    const { stock, link, now, log, supplied } = this.#options;
    const old = [...stock.grants].filter(
      (grant) => !grant.counted && !grant.once && !grant.retired && now() - grant.takenAt >= grant.lifetimeMs,
    );
    const steady = old.filter(({ lastHandOutAt }) => now() - lastHandOutAt <= STEADY_MS);
    if (this.#replacing || steady.length === 0) return;
    this.#replacing = true;
    try {
      for (const [models, grants] of byAsked(steady)) {
        const slots = grants.reduce((sum, grant) => sum + grant.slots, 0);
        const askedAt = now();
        const reply = await link.acquire({ models, avoid: [] }, slots, []);
        if (reply.status !== 'granted') continue;
        stock.add(reply.grants, models, askedAt);
        for (const grant of grants) grant.retired = true;
        supplied();
      }
    } catch (err) {
      log.debug({ err }, 'grants could not be replaced yet');
    }
    this.#replacing = false;
  }
}

/** Grants by the models that they were asked for. */
function byAsked(grants: readonly LocalGrant[]): [models: readonly string[], grants: LocalGrant[]][] {
  const groups = new Map<string, [readonly string[], LocalGrant[]]>();
  for (const grant of grants) {
    const key = JSON.stringify(grant.asked);
    const group = groups.get(key);
    if (group) group[1].push(grant);
    else groups.set(key, [grant.asked, [grant]]);
  }
  return [...groups.values()];
}
