import type { z } from 'zod';
import { ApiFailure } from './api-failure.js';

/** What is sent with a request. */
export interface Call {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  json?: unknown;
  form?: FormData;
  /** Another body, with its content type. */
  text?: { type: string; body: string };
  signal?: AbortSignal;
}

/**
 * Sends a request to the server that the page came from; the browser adds the session.
 * @throws ApiFailure when it is no success
 */
export async function send(path: string, { method = 'GET', json, form, text, signal }: Call = {}): Promise<Response> {
  const type = json === undefined ? text?.type : 'application/json';
  const answer = await fetch(path, {
    method,
    headers: {
      'accept-language': document.documentElement.lang,
      ...(type === undefined ? {} : { 'content-type': type }),
    },
    body: json === undefined ? (form ?? text?.body ?? null) : JSON.stringify(json),
    credentials: 'same-origin',
    ...(signal ? { signal } : {}),
  });
  if (!answer.ok) throw await ApiFailure.of(answer);
  return answer;
}

/** Does so, and parses the reply. @throws ApiFailure, ZodError */
export async function ask<Schema extends z.ZodType>(
  schema: Schema,
  path: string,
  call?: Call,
): Promise<z.infer<Schema>> {
  const answer = await send(path, call);
  return schema.parse(await answer.json());
}

/** A path with a query of what is defined and not empty. */
export function withQuery(path: string, values: Record<string, string | number | undefined>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== '');
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return query === '' ? path : `${path}?${query}`;
}
