// Serves streams: writes as many chunks as are asked, then waits until nobody wants the reply any more. The last chunk
// before the wait is followed by what memory it took meanwhile.
import { Bus } from '@grok2api/bus';
import { createLogger } from '@grok2api/service-kit';
import { z } from 'zod';

const log = createLogger({ service: 'responder', instance: 'responder', level: 'warn' });
const bus = await Bus.connect({ url: process.env.NATS_URL, name: 'responder', log });
const request = z.object({ chunks: z.number(), bytes: z.number(), end: z.boolean() });
const rpc = { subject: process.env.SUBJECT, service: 'stand-in', request };
bus.serveStream(
  rpc,
  async ({ chunks, bytes, end }, reply, { signal }) => {
    const before = process.memoryUsage.rss();
    let most = before;
    const chunk = Buffer.alloc(bytes, 'x');
    for (let sent = 0; sent < chunks; sent++) {
      await reply.write(chunk);
      most = Math.max(most, process.memoryUsage.rss());
    }
    if (end) await reply.write(Buffer.from(JSON.stringify({ grown: most - before })));
    else await new Promise((resolve) => signal.addEventListener('abort', resolve));
  },
  { maxInFlight: 1000 },
);
await bus.flush();
process.send('ready');
