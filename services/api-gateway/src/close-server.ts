import type { Server } from 'node:http';

/** How often connections are looked for whose last answer is over. */
const LOOK_MS = 200;

/** Takes no more connections at once, lets requests in progress end, and cuts those that have not after the time of grace. */
export async function closeServer(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const look = setInterval(() => server.closeIdleConnections(), LOOK_MS);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(look);
  clearTimeout(cut);
}
