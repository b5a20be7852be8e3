/** What telling thousands of readers costs at least: a bare server that writes one event to each connection. */
import { createServer, type ServerResponse } from 'node:http';
import { announce } from './announce.js';

const EVENT = Buffer.from('data: {"type":"progress"}\n\n');
const readers = new Set<ServerResponse>();

const server = createServer((req, res) => {
  if (req.method === 'POST') {
    for (const reader of readers) reader.write(EVENT);
    res.end();
    return;
  }
  res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  readers.add(res);
  res.on('close', () => readers.delete(res));
});
server.listen(0, '127.0.0.1', () => announce(server));
