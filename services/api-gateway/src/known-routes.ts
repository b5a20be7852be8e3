import type { ApiRoute } from '@grok2api/contracts';

/** The administrator's routes and the console have no other address. */
const PREFIX = /^\/v1(?=\/(?!admin\/|console(?:\/|$))|$)/i;

/** What there is under a path. */
export interface KnownPath {
  /** With `{name}` for what varies. */
  path: string;
  /** `HEAD` is among them where `GET` is. */
  methods: readonly string[];
  /** Whether nobody is asked for a key there. */
  isPublic: boolean;
}

/** Every path that there is. */
export class KnownRoutes {
  readonly #literal = new Map<string, KnownPath>();
  readonly #patterns: { pattern: RegExp; known: KnownPath }[] = [];

  constructor(routes: readonly Pick<ApiRoute, 'method' | 'path' | 'access'>[]) {
    for (const path of new Set(routes.map((route) => route.path))) {
      const own = routes.filter((route) => route.path === path);
      const known: KnownPath = {
        path,
        methods: own.flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : method.toUpperCase())),
        isPublic: own.every(({ access }) => access === 'public'),
      };
      const plain = normal(path);
      if (!plain.includes('{')) this.#literal.set(plain, known);
      else this.#patterns.push({ pattern: new RegExp(`^${plain.replace(/\{\w+\}/g, '[^/]+')}$`), known });
    }
  }

  /** What there is under a path; undefined where there is nothing. */
  find(path: string): KnownPath | undefined {
    const plain = normal(path);
    return this.#literal.get(plain) ?? this.#patterns.find(({ pattern }) => pattern.test(plain))?.known;
  }
}

/** As the router sees it: without the prefix that every route may have, in lower case, without a slash at the end. */
function normal(path: string): string {
  return path
    .replace(PREFIX, '')
    .toLowerCase()
    .replace(/(?<=.)\/$/, '');
}
