import { once } from 'node:events';
import { createServer } from 'node:net';
import getPort from 'get-port';
import { LaunchError } from './launch-error.js';

const LOOPBACK = '127.0.0.1';

/** A free TCP port on loopback; `preferred` when that one is free. */
export async function freeLoopbackPort(preferred?: number): Promise<number> {
  return getPort({ host: LOOPBACK, ...(preferred === undefined ? {} : { port: preferred }) });
}

/**
 * Checks that the gateway will be able to listen.
 * @throws LaunchError naming the port
 */
export async function assertPortFree(port: number, host = LOOPBACK): Promise<void> {
  const server = createServer();
  try {
    server.listen({ port, host, exclusive: true });
    await once(server, 'listening');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'EADDRINUSE') {
      throw new LaunchError(
        `Port ${port} is in use: stop what listens there, or choose another, as in PORT=${port + 1} npm start.`,
        { cause },
      );
    }
    throw new LaunchError(`Nothing can listen on port ${port} of ${host} (${code}): choose another PORT or HOST.`, {
      cause,
    });
  }
  server.close();
  await once(server, 'close');
}
