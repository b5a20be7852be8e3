import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';

export interface TestProxy {
  url: string;
  /** What it was asked to connect to, with the authorization that came along. */
  asked: { target: string | undefined; authorization: string | undefined }[];
  /** Connections to it at the moment. */
  open(): number;
  close(): Promise<void>;
}

/**
 * An HTTP proxy that takes CONNECT alone. Whatever it is asked for, it connects to a port of this host, or answers as
 * `answer` says for that target: a status, or nothing ever.
 */
export async function startTestProxy(
  port: number,
  answer: (target: string) => number | 'silence' = () => 200,
): Promise<TestProxy> {
  const asked: TestProxy['asked'] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  });
  server.on('connect', (request, client) => {
    asked.push({ target: request.url, authorization: request.headers['proxy-authorization'] });
    const status = answer(request.url ?? '');
    if (status === 'silence') return;
    if (status !== 200) {
      client.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const target = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(target).pipe(client);
    });
    client.on('error', () => target.destroy());
    client.on('close', () => target.destroy());
    target.on('error', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    open: () => sockets.size,
    close: async () => {
      const end = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await end;
    },
  };
}
