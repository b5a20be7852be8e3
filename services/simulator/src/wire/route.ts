import type { Answer } from './answer.js';

/** A request as a route sees it. */
export interface WireRequest {
  /** By the names between braces in the route's template. */
  params: Record<string, string>;
  /** The caller's API key; empty on a route that needs none. */
  key: string;
  /** Parsed JSON, undefined without a body. Untyped: the route parses it. */
  body: unknown;
  /** Origin for URLs given to the caller, without a trailing slash. */
  origin: string;
  /** Aborted when the caller's connection closes: nobody waits for the answer then. */
  signal: AbortSignal;
}

/** What a route makes that takes its time and is paid for. */
export type Generation = 'chat' | 'image' | 'video_create';

/** One route of the simulated API. */
export interface WireRoute {
  method: 'GET' | 'POST';
  /** Path with variable segments in braces: `/v1/videos/{request_id}`. */
  template: string;
  needsKey: boolean;
  /** Absent on a route that only reads. */
  generation?: Generation;
  /**
   * Makes the answer; it is sent elsewhere, so that a fault can cut it.
   * @throws XaiError for an answer that is an error
   */
  handle(request: WireRequest): Promise<Answer> | Answer;
}

/** A route that a method and path lead to, with the variable segments decoded. */
export interface FoundRoute {
  route: WireRoute;
  params: Record<string, string>;
}

/** The first route that serves a method and path. HEAD is served by GET. */
export function findRoute(routes: readonly WireRoute[], method: string, path: string): FoundRoute | undefined {
  const wanted = method === 'HEAD' ? 'GET' : method;
  for (const route of routes) {
    const params = route.method === wanted ? matchTemplate(route.template, path) : undefined;
    if (params) return { route, params };
  }
  return undefined;
}

function matchTemplate(template: string, path: string): Record<string, string> | undefined {
  const expected = template.split('/');
  const actual = path.split('/');
  if (expected.length !== actual.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of expected.entries()) {
    const value = actual[index] ?? '';
    const name = /^\{(\w+)\}$/.exec(segment)?.[1];
    if (name === undefined) {
      if (segment !== value) return undefined;
    } else {
      const decoded = decodeSegment(value);
      if (decoded === undefined || decoded === '') return undefined;
      params[name] = decoded;
    }
  }
  return params;
}

function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    // A segment that is not valid percent encoding names nothing.
    return undefined;
  }
}
