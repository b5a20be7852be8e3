/** The bare bus path, second half: takes a request off NATS, asks the upstream, and sends the answer back. */
import type { Msg } from 'nats';
import { Agent, request } from 'undici';
import { connectNats } from './connect-nats.js';

const upstream = process.env.UPSTREAM ?? '';
const dispatcher = new Agent({ connections: 256 });
const nats = await connectNats();
const requests = nats.subscribe('bench.chat', { queue: 'bench' });
process.stdout.write('listening on the bus\n');
for await (const message of requests) void answer(message);

async function answer(message: Msg): Promise<void> {
  const { body } = await request(`${upstream}/v1/chat/completions`, {
    dispatcher,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer key' },
    body: message.data,
  });
  const streamed = message.string().includes('"stream":true');
  if (!streamed) message.respond(await body.bytes());
  else {
    for await (const chunk of body) message.respond(chunk);
    message.respond();
  }
}
