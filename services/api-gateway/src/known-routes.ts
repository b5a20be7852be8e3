import type { ApiRoute } from '@grok2api/contracts';

/** The administrator's routes have no other address. */
const PREFIX = /^\/v1(?=\/(?!admin\/)|$)/i;

/** Which methods each path has. */
export class KnownRoutes {
  readonly #literal = new Map<string, string[]>();
  readonly #patterns: { pattern: RegExp; methods: string[] }[] = [];

  constructor(routes: readonly Pick<ApiRoute, 'method' | 'path'>[]) {
    const byPath = new Map<string, string[]>();
    for (const { method, path } of routes) {
      const methods = byPath.get(path) ?? [];
      byPath.set(path, methods);
      methods.push(...(method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
    }
    for (const [path, methods] of byPath) {
      const plain = normal(path);
      if (!plain.includes('{')) this.#literal.set(plain, methods);
      else this.#patterns.push({ pattern: new RegExp(`^${plain.replace(/\{\w+\}/g, '[^/]+')}$`), methods });
    }
  }

  /** The methods of a path, `HEAD` among them where it has `GET`; undefined where there is nothing. */
  methodsOf(path: string): readonly string[] | undefined {
    const plain = normal(path);
    return this.#literal.get(plain) ?? this.#patterns.find(({ pattern }) => pattern.test(plain))?.methods;
  }
}

/** As the router sees it: without the prefix that every route may have, in lower case, without a slash at the end. */
function normal(path: string): string {
  return path
    .replace(PREFIX, '')
    .toLowerCase()
    .replace(/(?<=.)\/$/, '');
}
