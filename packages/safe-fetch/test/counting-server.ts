import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { Socket } from 'node:net';

export interface CountingServer {
  port: number;
  origin: string;
  /** The local address of each connection that was made to it. */
  connections: string[];
  /** Settles when the next connection that ends has ended. */
  nextClose(): Promise<void>;
  close(): Promise<void>;
}

/** An HTTP server on every IPv4 loopback address that counts its connections. */
export async function startCountingServer(answer: RequestListener): Promise<CountingServer> {
  const connections: string[] = [];
  const sockets = new Set<Socket>();
  let closed = () => {};
  const server = createServer(answer);
  server.on('connection', (socket) => {
    connections.push(socket.localAddress ?? 'unknown');
    sockets.add(socket);
    socket.on('close', () => {
      sockets.delete(socket);
      closed();
    });
  });
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    origin: `http://127.0.0.1:${address.port}`,
    connections,
    nextClose: () =>
      new Promise((resolve) => {
        closed = resolve;
      }),
    close: async () => {
      const end = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await end;
    },
  };
}
