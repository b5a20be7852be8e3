import { type SystemOnServers, startOnServers } from '@grok2api/testkit';
import fc from 'fast-check';
import { connect, headers, type Msg, type NatsConnection } from 'nats';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { printFigures } from '../faults/support/figures.js';
import { assertForSeconds, FUZZ_TIMEOUT_MS } from './support/assert-for-seconds.js';
import {
  type FuzzedMessage,
  fuzzedCalls,
  fuzzedEvents,
  fuzzedStreams,
  RPCS,
  STREAMS,
  TOPICS,
} from './support/messages.js';
import { Watch } from './support/watch.js';

/** Messages at a time. */
const BATCH = 16;
const REPLY_WITHIN_MS = 20_000;

let servers: SystemOnServers;
let watch: Watch;
let nats: NatsConnection;

beforeAll(async () => {
  servers = await startOnServers({
    env: { SIMULATOR_VIDEO_MS: '100', SIMULATOR_IMAGE_MS: '10', SIMULATOR_TOKEN_MS: '1', LOG_LEVEL: 'error' },
  });
  const { host, username, password } = new URL(servers.nats.url);
  nats = await connect({ servers: host, user: decodeURIComponent(username), pass: decodeURIComponent(password) });
  watch = new Watch(servers.system);
});
afterAll(async () => {
  await nats?.close();
  await servers?.stop();
});

function headersOf(message: FuzzedMessage) {
  const sent = headers();
  for (const [name, text] of Object.entries(message.headers)) sent.set(name, text);
  return sent;
}

/** Sends batches of messages for a time; none may do any harm. */
async function fuzz(messages: fc.Arbitrary<FuzzedMessage>, send: (message: FuzzedMessage) => Promise<unknown>) {
  let sent = 0;
  const property = fc.asyncProperty(fc.array(messages, { minLength: BATCH, maxLength: BATCH }), async (batch) => {
    const wrong = await Promise.all(batch.map(send));
    sent += batch.length;
    expect(wrong.filter((each) => each !== undefined)).toEqual([]);
  });
  await assertForSeconds(property);
  expect(watch.wrongs()).toEqual([]);
  printFigures({ messages: sent });
  expect(sent).toBeGreaterThan(50);
}

it('knows the subjects of the bus', () => {
  expect([RPCS.length, STREAMS.length, TOPICS.length].every((count) => count > 2)).toBe(true);
});

it(
  'every request gets a reply that is one, or is told that it is none',
  async () => {
    await fuzz(fuzzedCalls, async ({ subject, payload, ...more }) => {
      const options = { timeout: REPLY_WITHIN_MS, headers: headersOf({ subject, payload, ...more }) };
      const reply = await nats.request(subject, payload, options);
      return faultOf(subject, reply);
    });
  },
  FUZZ_TIMEOUT_MS,
);

/** What is wrong with a reply. A handler that failed has met something that its schema should have kept from it. */
function faultOf(subject: string, reply: Msg): string | undefined {
  const code = reply.headers?.get('Grok-Error');
  if (code) return code === 'malformed_request' ? undefined : `${subject} answered ${code}`;
  const parsed = RPCS.find((rpc) => rpc.subject === subject)?.reply.safeParse(reply.json());
  return parsed?.success ? undefined : `${subject} answered what is no reply: ${reply.string()}`;
}

it(
  'every request for a stream is accepted, and its stream ends',
  async () => {
    await fuzz(fuzzedStreams, ({ subject, payload, ...more }) => {
      return new Promise((resolve) => {
        const inbox = `_INBOX.fuzz.${Math.random().toString(36).slice(2)}`;
        const late = setTimeout(() => settle(`${subject} sent no end: ${payload}`), REPLY_WITHIN_MS);
        const subscription = nats.subscribe(inbox, {
          callback: (_err, frame) => {
            // `end`, `error` and `gone` are the last: see the protocol of streamed replies.
            if ([2, 3, 4].includes(frame.data[0] ?? 0)) settle(undefined);
          },
        });
        function settle(wrong: string | undefined): void {
          clearTimeout(late);
          subscription.unsubscribe();
          resolve(wrong);
        }
        nats.publish(subject, payload, { reply: inbox, headers: headersOf({ subject, payload, ...more }) });
      });
    });
  },
  FUZZ_TIMEOUT_MS,
);

it(
  'no event does any harm',
  async () => {
    await fuzz(fuzzedEvents, async ({ subject, payload, ...more }) => {
      nats.publish(subject, payload, { headers: headersOf({ subject, payload, ...more }) });
      await nats.flush();
      return undefined;
    });
  },
  FUZZ_TIMEOUT_MS,
);

it('afterwards everything works', async () => {
  const tasks = servers.system.tasks();
  // Nonsense may have added credentials: calls find out, a few at a time, that they are none.
  const video = async () => (await tasks.ended(await tasks.create('一只猫'))).status;
  await expect.poll(video, { timeout: 30_000 }).toBe('completed');
  const chat = async () => {
    const messages = [{ role: 'user', content: 'tokens:3' }];
    return (await tasks.request('POST', '/v1/chat/completions', { model: 'grok-4', messages })).status;
  };
  await expect.poll(chat, { timeout: 30_000 }).toBe(200);
  expect((await tasks.request('GET', '/health')).status).toBe(200);
  expect(watch.wrongs()).toEqual([]);
});
