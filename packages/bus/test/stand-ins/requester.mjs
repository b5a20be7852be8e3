// Opens a stream of a request with as many characters as are asked, says so, and reads it.
import { Bus } from '@grok2api/bus';
import { FilesystemMediaStore } from '@grok2api/media-store';
import { createLogger } from '@grok2api/service-kit';
import { z } from 'zod';

const { NATS_URL, SUBJECT, CHARACTERS, MEDIA_DIR } = process.env;
const log = createLogger({ service: 'requester', instance: 'requester', level: 'warn' });
const bus = await Bus.connect({ url: NATS_URL, name: 'requester', log });
const stream = bus.openStream(
  { subject: SUBJECT, service: 'stand-in', request: z.string() },
  'x'.repeat(Number(CHARACTERS)),
  {
    requestId: 'req_stand_in',
    deadlineMs: 60_000,
    signal: new AbortController().signal,
    claimCheck: new FilesystemMediaStore(MEDIA_DIR),
  },
);
process.send('open');
for await (const chunk of stream) process.send(String(chunk.length));
