import { expect } from 'vitest';
import type { ApiRoute } from '../../../packages/contracts/src/index.js';
import { operationOf, replyFaults, routeNamed } from './api-document.js';
import { type Call, send } from './calls.js';

/** Holds the replies of a server against the document, and remembers which it has seen. */
export class ReplyCheck {
  readonly #seen = new Set<string>();

  constructor(
    private readonly baseUrl: () => string,
    private readonly headers: Record<string, string> = {},
  ) {}

  /** Sends a request, which has to be replied to with this status and as described; resolves to the reply's text. */
  async check(operationId: string, status: number, call: Call = {}): Promise<string> {
    const route = routeNamed(operationId);
    const headers = { ...this.headers, ...call.headers };
    const answer = await send(this.baseUrl(), route, { ...call, headers });
    const copy = answer.clone();
    const faults = await replyFaults(route, answer);
    const text = await copy.text();
    const shown = text.slice(0, 500);
    expect([operationId, answer.status, faults, shown]).toEqual([operationId, status, [], shown]);
    this.#seen.add(`${operationId} ${status}`);
    return text;
  }

  /** The successes of routes that are described but were not seen. */
  unseen(routes: readonly ApiRoute[]): string[] {
    const described = routes.flatMap((route) =>
      Object.keys(operationOf(route).responses)
        .filter((status) => Number(status) in route.replies)
        .map((status) => `${route.operationId} ${status}`),
    );
    return described.filter((each) => !this.#seen.has(each));
  }
}
