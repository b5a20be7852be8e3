import type { ApiRoute } from '../../../packages/contracts/src/index.js';

/** A request to a route: what stands for the `{name}`s of its path, and the rest. */
export interface Call {
  params?: Record<string, string>;
  query?: string;
  body?: object | FormData;
  /** Another body, as it is. */
  text?: string;
  headers?: Record<string, string>;
}

/** Sends a request to a route. */
export function send(baseUrl: string, { method, path }: ApiRoute, call: Call = {}): Promise<Response> {
  const { params = {}, query = '', body, text, headers = {} } = call;
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? 'x'));
  const isForm = body instanceof FormData;
  return fetch(`${baseUrl}${filled}${query}`, {
    method: method.toUpperCase(),
    headers: { ...(body && !isForm ? { 'content-type': 'application/json' } : {}), ...headers },
    body: isForm ? body : body ? JSON.stringify(body) : (text ?? null),
    redirect: 'manual',
  });
}

/** A form with a picture in a field, and other fields. */
export function pictureForm(field: string, picture: Buffer, fields: Record<string, string> = {}): FormData {
  const form = new FormData();
  for (const [name, text] of Object.entries(fields)) form.append(name, text);
  form.append(field, new Blob([new Uint8Array(picture)]), 'picture.png');
  return form;
}
