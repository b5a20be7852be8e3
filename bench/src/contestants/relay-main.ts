/** The least that a relay in Node can be: what comes in goes out, what comes back goes back. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Agent, request } from 'undici';
import { announce } from './announce.js';

const upstream = process.env.UPSTREAM ?? '';
const dispatcher = new Agent({ connections: 256 });

const server = createServer((req, res) => {
  // A client that left takes its own answer with it.
  relay(req, res).catch(() => res.destroy());
});
server.listen(0, '127.0.0.1', () => announce(server));

async function relay(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const answer = await request(upstream + req.url, {
    dispatcher,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer key' },
    body: req,
  });
  res.writeHead(answer.statusCode, { 'content-type': String(answer.headers['content-type']) });
  await pipeline(answer.body, res);
}
