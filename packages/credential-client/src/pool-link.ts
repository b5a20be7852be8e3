import { randomBytes } from 'node:crypto';
import { type Bus, BusTimeoutError } from '@grok2api/bus';
import { type AcquireReply, acquireGrants, grantIds, releaseGrants, renewGrants } from '@grok2api/contracts';
import { type Logger, outOfTrace } from '@grok2api/service-kit';
import type { LocalGrant } from './local-grant.js';
import type { Return, Wish } from './stock.js';

export interface PoolLinkOptions {
  bus: Bus;
  holder: string;
  /** In ms. */
  now: () => number;
  log: Logger;
}

/** What the pool says of a grant that lasts longer. */
export interface Renewed {
  models: readonly string[];
  watched: readonly string[];
}

const CALL = { timeoutMs: 1_000 };
/** A process of the pool that died does not answer, another one may; one that has much to do answers later. */
const SECOND_CALL = { timeoutMs: 4_000 };
/** Grants in one message. */
const CHUNK = 1_000;

/** The messages about grants between a holder and the token pool. */
export class PoolLink {
  readonly #options: PoolLinkOptions;
  /** By grant: the fewest slots that were said to be kept. */
  readonly #returns = new Map<string, Return>();
  #returning: Promise<void> | undefined;

  constructor(options: PoolLinkOptions) {
    this.#options = options;
  }

  /**
   * Asks for slots.
   * @param idle credentials of which the holder has an idle slot that would do if one of them is the right one
   * @throws BusTimeoutError, NoResponderError or RemoteError when no process of the pool answers with a reply
   */
  async acquire(wish: Wish, slots: number, idle: readonly string[]): Promise<AcquireReply> {
    try {
      return await this.#ask(wish, slots, idle, CALL);
    } catch (err) {
      if (!(err instanceof BusTimeoutError) || !this.#options.bus.connected) throw err;
      return await this.#ask(wish, slots, idle, SECOND_CALL);
    }
  }

  async #ask(wish: Wish, slots: number, idle: readonly string[], call: typeof CALL): Promise<AcquireReply> {
    const { bus, holder } = this.#options;
    const { models, avoid, sticky } = wish;
    const request = {
      request_id: `grant_${randomBytes(16).toString('hex')}`,
      holder,
      models: [...models],
      slots,
      ...(avoid.length > 0 ? { avoid: avoid.slice(-MAX_AVOID) } : {}),
      ...(sticky === undefined ? {} : { sticky }),
      ...(idle.length > 0 ? { idle: idle.slice(0, MAX_IDLE) } : {}),
    };
    try {
      return await bus.call(acquireGrants, request, call);
    } catch (err) {
      // Slots may have been granted, and the reply was lost: nobody else could use them.
      if (err instanceof BusTimeoutError) this.giveBackAll(grantIds(request));
      throw err;
    }
  }

  /**
   * Makes grants last longer. Those that are not in the result are gone.
   * @throws as `acquire`
   */
  async renew(grants: readonly LocalGrant[]): Promise<Map<string, Renewed>> {
    const { bus, holder } = this.#options;
    const renewed = new Map<string, Renewed>();
    for (let from = 0; from < grants.length; from += CHUNK) {
      const asked = grants.slice(from, from + CHUNK).map(({ id, credential, asked: models, counted, terms }) => {
        const theTerms = terms === undefined ? {} : { terms };
        return { id, credential_id: credential.id, models: [...models], counted, ...theTerms };
      });
      const reply = await bus.call(renewGrants, { holder, grants: asked }, CALL);
      for (const grant of reply.grants) renewed.set(grant.id, grant);
    }
    return renewed;
  }

  /** Gives slots back soon, and again when that gets lost, until they would have been free anyway. */
  giveBack(returns: readonly Return[]): void {
    for (const each of returns) {
      const waiting = this.#returns.get(each.id);
      if (!waiting || each.keep < waiting.keep) this.#returns.set(each.id, each);
    }
    if (this.#returns.size > 0) this.#returning ??= outOfTrace(() => this.#sendReturns());
  }

  /** Sends again what could not be given back. */
  retryReturns(): void {
    this.giveBack([]);
  }

  /** Resolves when what is to be given back was given back, or was tried to. */
  async settled(): Promise<void> {
    await this.#returning;
  }

  giveBackAll(ids: readonly string[]): void {
    const endsAt = this.#options.now() + LOST_REPLY_MS;
    this.giveBack(ids.map((id) => ({ id, keep: 0, endsAt })));
  }

  async #sendReturns(): Promise<void> {
    const { bus, holder, now, log } = this.#options;
    // What is given back at the same moment goes together.
    await new Promise(setImmediate);
    while (this.#returns.size > 0) {
      const sent = [...this.#returns.values()].slice(0, CHUNK);
      for (const { id } of sent) this.#returns.delete(id);
      try {
        await bus.call(releaseGrants, { holder, grants: sent.map(({ id, keep }) => ({ id, keep })) }, CALL);
      } catch (err) {
        const open = sent.filter(({ endsAt }) => endsAt > now());
        log.debug({ err, grants: open.length }, 'slots could not be given back yet');
        for (const each of open) if (!this.#returns.has(each.id)) this.#returns.set(each.id, each);
        break;
      }
    }
    this.#returning = undefined;
  }
}

const MAX_AVOID = 10;
const MAX_IDLE = 100;
/** As long as a grant may last that nobody knows of. */
const LOST_REPLY_MS = 10_000;
