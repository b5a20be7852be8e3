import { randomUUID } from 'node:crypto';
import type { TestGateway } from '@grok2api/testkit';

/** A request to be sent more than once. */
export interface Sent {
  path: string;
  /** JSON, or the form it makes anew for each sending. */
  body?: object | (() => FormData);
  key?: string;
  bearer?: string;
  signal?: AbortSignal;
}

/** A key that nobody else uses. */
export const newKey = (): string => randomUUID();

/** Sends a POST to one of the gateways. */
export function send(to: Pick<TestGateway, 'baseUrl'>, { path, body, key, bearer, signal }: Sent): Promise<Response> {
  const json = body !== undefined && typeof body !== 'function';
  return fetch(to.baseUrl + path, {
    method: 'POST',
    headers: {
      ...(json ? { 'content-type': 'application/json' } : {}),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    },
    body: typeof body === 'function' ? body() : body ? JSON.stringify(body) : null,
    ...(signal ? { signal } : {}),
  });
}

/** What has to be equal between a reply and its replays. */
export async function reply(answer: Response) {
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    location: answer.headers.get('location'),
    taskId: answer.headers.get('x-task-id'),
    body: await answer.text(),
  };
}

export const isReplay = (answer: Response): boolean => answer.headers.get('idempotent-replayed') === 'true';

/** The code of an error. */
export async function codeOf(answer: Response): Promise<unknown> {
  return ((await answer.json()) as { error: { code: string } }).error.code;
}
