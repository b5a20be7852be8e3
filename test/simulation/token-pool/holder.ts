import type { AcquireReply, CredentialChange } from '@grok2api/contracts';
import type { LocalGrant } from '../../../packages/credential-client/src/local-grant.js';
import { type Return, Stock } from '../../../packages/credential-client/src/stock.js';

/** A call that a holder makes. */
export interface Call {
  grant: LocalGrant;
  model: string;
}

/** A process that calls the upstream: the client's own stock of grants, and calls. */
export class Holder {
  readonly stock = new Stock();
  readonly calls: Call[] = [];
  frozen = false;

  constructor(readonly name: string) {}

  take(reply: AcquireReply, models: readonly string[], askedAt: number): LocalGrant[] {
    return reply.status === 'granted' ? this.stock.add(reply.grants, models, askedAt) : [];
  }

  /** Begins a call where a slot is there. */
  begin(model: string, now: number): Call | undefined {
    const grant = this.stock.take({ models: [model], avoid: [] }, now);
    if (!grant) return undefined;
    const call = { grant, model };
    this.calls.push(call);
    return call;
  }

  /** Ends its oldest call. */
  end(): { call: Call; returns: Return[] } | undefined {
    const call = this.calls.shift();
    if (!call) return undefined;
    const given = this.stock.release(call.grant);
    return { call, returns: given ? [given] : [] };
  }

  hear(change: CredentialChange, now: number): Return[] {
    return this.stock.heed(change, now);
  }
}
