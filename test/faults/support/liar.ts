import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** How an upstream lies: what it answers to a poll, and as a file. */
export interface Lie {
  poll: (response: ServerResponse, origin: string, nth: number) => unknown;
  file?: (response: ServerResponse) => unknown;
}

/** An upstream that takes every video, and then lies, as the prompt says. */
export interface Liar {
  baseUrl: string;
  stop: () => Promise<void>;
}

export async function startLiar(lies: Readonly<Record<string, Lie>>): Promise<Liar> {
  const polls = new Map<string, number>();
  const server = createServer(async (request, response) => {
    response.on('error', () => {});
    const path = request.url ?? '';
    const [, name] = /^\/(?:v1\/videos|file)\/([^/]+)$/.exec(path) ?? [];
    if (request.method === 'POST') {
      const { prompt } = JSON.parse((await text(request)) || '{}') as { prompt?: string };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ request_id: prompt }));
    } else if (path.startsWith('/file/')) lies[name ?? '']?.file?.(response);
    else if (name !== undefined && lies[name]) {
      const nth = (polls.get(name) ?? 0) + 1;
      polls.set(name, nth);
      lies[name]?.poll(response, `http://${request.headers.host}`, nth);
    } else {
      // What else it is asked, it does not know.
      response.writeHead(503).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
