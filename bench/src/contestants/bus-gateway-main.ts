/** The bare bus path, first half: Express takes a request, sends it over NATS, and sends on what comes back. */

import express from 'express';
import { createInbox } from 'nats';
import { announce } from './announce.js';
import { connectNats } from './connect-nats.js';

const nats = await connectNats();
const app = express();

app.post('/v1/chat/completions', express.json(), async (req, res) => {
  const body = JSON.stringify(req.body);
  if (!req.body.stream) {
    const reply = await nats.request('bench.chat', body, { timeout: 30_000 });
    res.set('content-type', 'application/json').end(reply.data);
    return;
  }
  const inbox = createInbox();
  const frames = nats.subscribe(inbox);
  nats.publish('bench.chat', body, { reply: inbox });
  res.set('content-type', 'text/event-stream').flushHeaders();
  for await (const { data } of frames) {
    if (data.length === 0) break;
    res.write(data);
  }
  frames.unsubscribe();
  res.end();
});

const server = app.listen(0, '127.0.0.1', () => announce(server));
