import type { Server } from 'node:http';

/** Tells whoever started this process where its server listens. */
export function announce(server: Server): void {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  process.stdout.write(`listening on http://127.0.0.1:${address.port}\n`);
}
