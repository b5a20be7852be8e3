import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BusTimeoutError, NoResponderError, ResponderLostError } from '@grok2api/bus';
import { createLogger } from '@grok2api/service-kit';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { answerErrors } from '../src/middleware/errors.js';
import { Relays } from '../src/relay.js';

const log = createLogger({ service: 'test', instance: 'test', level: 'silent' });

/** Answers one request by what a service sends, and closes. */
async function answerOf(
  send: (attempt: number) => AsyncIterable<Uint8Array>,
  repeatable: boolean,
): Promise<{ answer: Response; text: string; sent: number }> {
  const relays = new Relays(log, Date.now);
  let sent = 0;
  const app = express();
  app.get('/', (_req, res) => relays.relay(res, { send: () => send(++sent), format: 'json', repeatable }));
  app.use(answerErrors(log));
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    return { answer, text: await answer.text(), sent };
  } finally {
    server.close();
  }
}

async function* failing(err: Error): AsyncGenerator<Uint8Array> {
  yield* [];
  throw err;
}

async function* whole(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('{"pieces":');
  yield Buffer.from('2}');
}

const LOST = new ResponderLostError('subject', 'died');

describe('a reply that does not begin', () => {
  it.each([
    ['whose service was lost', LOST],
    ['whose service is silent', new ResponderLostError('subject', 'silent')],
    ['whose bus is away', new BusTimeoutError('subject')],
  ])('%s: what is paid is not asked for again, by anybody', async (_name, err) => {
    const { answer, sent } = await answerOf(() => failing(err), false);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expect(sent).toBe(1);
  });

  it.each([true, false])('that nobody makes may be asked for again (repeatable: %s)', async (repeatable) => {
    const { answer, sent } = await answerOf(() => failing(new NoResponderError('subject')), repeatable);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('x-should-retry')).toBeNull();
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(sent).toBe(1);
  });

  it('whose service was lost is asked for once more where it costs nothing', async () => {
    const { answer, text, sent } = await answerOf((attempt) => (attempt === 1 ? failing(LOST) : whole()), true);
    expect(answer.status).toBe(200);
    expect(JSON.parse(text)).toEqual({ pieces: 2 });
    expect(sent).toBe(2);
  });
});
