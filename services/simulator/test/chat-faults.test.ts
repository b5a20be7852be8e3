import { request } from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import { chatBody, KEY, OTHER_KEY, startTestSimulator } from './harness.js';

type Simulator = Awaited<ReturnType<typeof startTestSimulator>>;

/** Reads a stream until it is cut off; what came. */
async function readUntilCut(response: Response): Promise<string> {
  let text = '';
  await expect(async () => {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString();
  }).rejects.toThrow('terminated');
  return text;
}

/** Opens a stream that is not read; the response, paused. */
function openUnread(simulator: Simulator, prompt: string) {
  return new Promise<{ leave: () => void }>((resolve, reject) => {
    const call = request(`${simulator.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
    });
    call.on('response', () => resolve({ leave: () => call.destroy() })).on('error', reject);
    call.end(JSON.stringify(chatBody(prompt, { stream: true })));
  });
}

async function lastLogged(simulator: Simulator) {
  const entry = (await simulator.log()).at(-1);
  if (!entry) throw new Error('nothing was logged');
  return entry;
}

describe('a stream', () => {
  test('is cut after n chunks', async () => {
    const simulator = await startTestSimulator();
    const text = await readUntilCut(await simulator.openStream('tokens:9 cut:3'));
    expect(text.match(/"content":"[^"]*"/g)).toEqual(['"content":"t0"', '"content":" t1"', '"content":" t2"']);
    expect(text.endsWith('\n\n')).toBe(true);
    expect(await lastLogged(simulator)).toMatchObject({ ended: 'cut', frames: 3, closed_at: expect.any(String) });
  });

  test('is cut before its end when it has fewer chunks', async () => {
    const simulator = await startTestSimulator();
    const text = await readUntilCut(await simulator.openStream('tokens:2 cut:9'));
    expect(text).toContain(' t1');
    expect(text).not.toContain('finish_reason');
  });

  test('stalls after n chunks and stays open', async () => {
    const simulator = await startTestSimulator();
    const leaving = new AbortController();
    const response = await simulator.openStream('tokens:9 stall:2', { signal: leaving.signal });
    const reader = response.body?.getReader();
    let text = '';
    while (!text.includes(' t1')) text += Buffer.from((await reader?.read())?.value ?? []).toString();
    const silence = new Promise((resolve) => setTimeout(resolve, 200, 'silence'));
    const more = reader?.read().catch(() => undefined);
    expect(await Promise.race([more, silence])).toBe('silence');
    expect(await lastLogged(simulator)).toMatchObject({ ended: null, frames: 2 });
    leaving.abort();
    await vi.waitFor(async () =>
      expect(await lastLogged(simulator)).toMatchObject({ ended: 'client_closed', frames: 2 }),
    );
  });

  test('has an error after n chunks and closes without [DONE]', async () => {
    const simulator = await startTestSimulator();
    const { chunks, last } = await simulator.streamChat('tokens:9 error-chunk:2');
    expect(chunks).toHaveLength(2);
    expect(JSON.parse(last ?? '')).toEqual({ code: 'internal-error', error: expect.any(String) });
    expect(await lastLogged(simulator)).toMatchObject({ ended: 'complete', frames: 3 });
  });

  test('ends at once when its caller leaves', async () => {
    const simulator = await startTestSimulator();
    const leaving = new AbortController();
    const response = await simulator.openStream('tokens:10000 pace:5', { signal: leaving.signal });
    await response.body?.getReader().read();
    const left = Date.now();
    leaving.abort();
    const entry = await vi.waitFor(async () => {
      const logged = await lastLogged(simulator);
      expect(logged.ended).toBe('client_closed');
      return logged;
    });
    const closed = Date.parse(entry.closed_at ?? '') - left;
    expect(closed).toBeGreaterThanOrEqual(-1);
    expect(closed).toBeLessThan(1000);
    expect(entry.frames).toBeLessThan(1000);
    expect((await lastLogged(simulator)).frames).toBe(entry.frames);
  });

  test('waits for a reader that does not read', async () => {
    const simulator = await startTestSimulator();
    const { leave } = await openUnread(simulator, 'tokens:100000 pace:0');
    let before = -1;
    const frames = await vi.waitFor(
      async () => {
        const now = (await lastLogged(simulator)).frames ?? 0;
        const stands = now === before;
        before = now;
        if (!stands) throw new Error('it goes on');
        return now;
      },
      { timeout: 20_000, interval: 300 },
    );
    expect(frames).toBeGreaterThan(0);
    expect(frames).toBeLessThan(100_000);
    leave();
    await vi.waitFor(async () => expect(await lastLogged(simulator)).toMatchObject({ ended: 'client_closed', frames }));
  });
});

test('a caller that leaves before an answer in one piece ends its making', async () => {
  const simulator = await startTestSimulator();
  const leaving = new AbortController();
  const answer = simulator.openStream('think:600000', {
    body: JSON.stringify(chatBody('think:600000')),
    signal: leaving.signal,
  });
  await vi.waitFor(async () => expect(await simulator.log()).toHaveLength(1));
  leaving.abort();
  await expect(answer).rejects.toThrow('abort');
  await vi.waitFor(async () =>
    expect(await lastLogged(simulator)).toMatchObject({ ended: 'client_closed', status: null, frames: null }),
  );
  expect(simulator.warnings).toEqual([]);
});

describe('fault rules', () => {
  test('hit chats by key and model', async () => {
    const simulator = await startTestSimulator();
    const limited = {
      status: 429,
      headers: { 'retry-after': '3' },
      body: { code: 'resource-exhausted', error: 'Too many' },
    };
    await simulator.addFault({ match: { key: OTHER_KEY, model: 'grok-4.3' }, fault: limited });
    expect((await simulator.chat('hi')).status).toBe(200);
    expect((await simulator.chat('hi', { model: 'grok-4.5' }, OTHER_KEY)).status).toBe(200);
    const answer = await simulator.chat('hi', {}, OTHER_KEY);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '3']);
    expect((await simulator.chat('hi', {}, OTHER_KEY)).status).toBe(200);
  });

  test('cut a stream amid a line', async () => {
    const simulator = await startTestSimulator();
    await simulator.addFault({ fault: { cut: 'mid_body' } });
    const response = await simulator.openStream('tokens:6');
    expect(response.status).toBe(200);
    const text = await readUntilCut(response);
    expect(text).toContain('" t3"');
    expect(text).not.toContain('" t4"');
    expect(text.slice(text.lastIndexOf('\n\n') + 2)).toMatch(/^data: \{"id":".*[^}]$/);
    expect(await lastLogged(simulator)).toMatchObject({ ended: 'cut', status: 200, frames: 4 });
  });

  test('cut an answer in one piece, and delay and hang streams', async () => {
    const simulator = await startTestSimulator();
    await simulator.addFault({ fault: { cut: 'mid_body' } });
    await expect(simulator.chat('hi')).rejects.toThrow('terminated');
    await simulator.addFault({ fault: { delay_ms: 200 } });
    const started = performance.now();
    expect((await simulator.streamChat('hi')).last).toBe('[DONE]');
    expect(performance.now() - started).toBeGreaterThanOrEqual(195);
    await simulator.addFault({ fault: { hang: true } });
    await expect(simulator.openStream('hi', { signal: AbortSignal.timeout(200) })).rejects.toThrow('timeout');
  });
});

test('the log has the caller’s x-request-id', async () => {
  const simulator = await startTestSimulator();
  await simulator.call('POST', '/v1/chat/completions', chatBody('hi'), {
    authorization: `Bearer ${KEY}`,
    'x-request-id': 'req-7',
  });
  await simulator.chat('hi');
  expect((await simulator.log()).map(({ x_request_id }) => x_request_id)).toEqual(['req-7', null]);
});
