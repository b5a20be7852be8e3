import type { Server } from 'node:http';

/** Requests in progress have this long to end. */
const GRACE_MS = 5_000;

/** Takes no more connections, lets requests in progress end, then cuts those that have not. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await closed;
  clearTimeout(cut);
}
