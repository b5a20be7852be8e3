import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '@grok2api/contracts';
import type { KeptReply, KeyedRequest } from '@grok2api/task-store';
import type { Request, RequestHandler, Response } from 'express';
import { toApiError } from '../middleware/errors.js';
import { replay } from './kept-reply.js';
import { keyedRequest } from './keyed-request.js';
import { KeyedWork, type KeyedWorkDependencies } from './keyed-work.js';

/** A process that does not renew for this long counts as dead. Less than clients wait, so that they see it replaced. */
const LEASE_MS = 8_000;
const RENEW_EVERY_MS = 2_000;
const KEEP_MS = 24 * 3_600_000;
/** How long a request waits for the reply that another one is about to get. */
const PATIENCE_MS = 10_000;
const FIRST_LOOK_MS = 25;
const LONGEST_LOOK_MS = 400;
const RETRY_AFTER_S = '2';

export interface KeyedRequestsDependencies extends KeyedWorkDependencies {
  now: () => number;
}

type Handler = (req: Request, res: Response) => Promise<void>;

/**
 * Sees to it that a request with an Idempotency-Key is done once, however often and wherever it is sent. A request
 * without one passes and costs nothing.
 */
export class KeyedRequests {
  readonly #working = new Map<KeyedWork, Promise<void>>();
  readonly #renewing: NodeJS.Timeout;

  constructor(private readonly dependencies: KeyedRequestsDependencies) {
    this.#renewing = setInterval(() => void this.#renew(), RENEW_EVERY_MS);
  }

  /**
   * Makes a handler do keyed requests once; it comes after whatever parses the body. The handler finds its work in
   * `res.locals.work` and keeps its reply there.
   * @param isPaid whether doing the request a second time might be billed again; a task that it makes does not count
   * @returns a handler that fails with ApiError `idempotency_…`, StoreUnavailableError, or what the handler fails with
   */
  once(handler: Handler, isPaid: (req: Request) => boolean = () => false): RequestHandler {
    return async (req, res) => {
      const request = keyedRequest(req, res.locals.identity.owner);
      if (!request) return handler(req, res);
      const found = await this.#begin(request, isPaid(req), res);
      if (!found) return;
      if (!(found instanceof KeyedWork)) return replay(res, found, this.dependencies.media);
      const working = this.#work(found, req, res, handler).finally(() => this.#working.delete(found));
      this.#working.set(found, working);
      await working;
    };
  }

  /** Waits for the work that is being done. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#working.values());
    clearInterval(this.#renewing);
  }

  async #work(work: KeyedWork, req: Request, res: Response, handler: Handler): Promise<void> {
    res.locals.work = work;
    try {
      await handler(req, res);
    } catch (err) {
      await work.fail(toApiError(err));
      throw err;
    } finally {
      await work.end();
    }
  }

  /** The work on a request, or its reply from before; undefined when its client has left meanwhile. */
  async #begin(request: KeyedRequest, paid: boolean, res: Response): Promise<KeyedWork | KeptReply | undefined> {
    const { records, randomHex, now } = this.dependencies;
    const attempt = { request, token: randomHex() };
    const deadline = now() + PATIENCE_MS;
    for (let look = FIRST_LOOK_MS; !res.destroyed; look = Math.min(look * 2, LONGEST_LOOK_MS)) {
      const known = await records.begin(attempt, { leaseMs: LEASE_MS, keepMs: KEEP_MS, repeatable: !paid });
      switch (known.state) {
        case 'begun':
          return new KeyedWork({ attempt, taskId: known.taskId, paid }, this.dependencies);
        case 'replied':
          return known.reply;
        case 'other_request':
          throw new ApiError('idempotency_key_reused');
        case 'unknown':
          throw new ApiError('idempotency_outcome_unknown');
      }
      if (now() >= deadline) throw inProgress();
      await sleep(look);
    }
    return undefined;
  }

  async #renew(): Promise<void> {
    const attempts = [...this.#working.keys()].map((work) => work.attempt);
    if (attempts.length === 0) return;
    await this.dependencies.records.renew(attempts, LEASE_MS).catch((err: unknown) => {
      this.dependencies.log.warn({ err }, 'the work on requests with an Idempotency-Key could not be renewed');
    });
  }
}

function inProgress(): ApiError {
  return new ApiError('idempotency_in_progress', { headers: { 'retry-after': RETRY_AFTER_S } });
}
