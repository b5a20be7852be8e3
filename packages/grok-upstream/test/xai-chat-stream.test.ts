import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChatEvent, createXaiUpstream, type GrokUpstream, type UpstreamChatRequest } from '../src/index.js';
import {
  answer,
  cut,
  DONE,
  eventLines,
  events,
  eventsThenCut,
  eventsThenHang,
  hang,
  hangUp,
  headersThenHang,
  inParts,
  type Script,
  ScriptedServer,
  unframed,
} from './scripted-server.js';
import { CHAT, credentialFor, failureOf, partsOf, readAll, splits } from './support.js';

let server: ScriptedServer;
let upstream: GrokUpstream;
let abort: AbortController;
beforeEach(async () => {
  server = await ScriptedServer.start();
  upstream = createXaiUpstream({ answerTimeoutMs: 100 });
  abort = new AbortController();
});
afterEach(async () => {
  await upstream.close();
  await server.stop();
});

const stream = (request: UpstreamChatRequest = CHAT, idleTimeoutMs = 5000) =>
  upstream.streamChat(credentialFor(server.origin), request, { signal: abort.signal, idleTimeoutMs });

async function eventsOf(script: Script, request?: UpstreamChatRequest): Promise<ChatEvent[]> {
  server.play(script);
  const { events: all, failure } = await readAll(await stream(request));
  expect(failure).toBeUndefined();
  return all;
}

/** What came before the stream failed, and how it did. */
async function brokenStream(script: Script, idleTimeoutMs?: number, request = CHAT) {
  server.play(script);
  return await readAll(await stream(request, idleTimeoutMs));
}

const chunk = (...choices: object[]) => ({
  id: '0b6f1a2c-93d4-4e5f-8a6b-7c8d9e0f1a2b',
  object: 'chat.completion.chunk',
  created: 1_790_000_000,
  model: 'grok-4.7',
  choices,
  system_fingerprint: 'fp_1',
});
const says = (content: string, index = 0) => chunk({ index, delta: { role: 'assistant', content } });
const ends = (finish_reason = 'stop', index = 0) => chunk({ index, delta: { content: '' }, finish_reason });
const uses = (usage: object) => ({ ...chunk(), usage });
const USAGE = { prompt_tokens: 3, completion_tokens: 4, completion_tokens_details: { reasoning_tokens: 5 } };

const step = (delta: object, finish_reason: string | null = null, index = 0) => ({
  type: 'deltas',
  choices: [{ index, delta, finish_reason }],
});
const END = step({}, 'stop');

describe('the request', () => {
  it('asks for a stream and its usage', async () => {
    await eventsOf(events(says('Hi'), ends(), DONE));
    const request = await server.received(1);
    expect(request.headers).toMatchObject({ accept: 'text/event-stream' });
    expect(JSON.parse(request.body)).toEqual({
      ...CHAT,
      stream: true,
      stream_options: { include_usage: true },
    });
  });
});

describe('the events', () => {
  it('are one for each chunk, without roles, with an explicit end and the usage', async () => {
    server.play(events(says('He'), says('llo'), ends(), uses({ ...USAGE, cost_in_usd_ticks: 25 }), DONE));
    const open = await stream();
    expect(open.systemFingerprint).toBe('fp_1');
    const { events: all } = await readAll(open);
    expect(all).toEqual([
      step({ content: 'He' }),
      step({ content: 'llo' }),
      END,
      {
        type: 'usage',
        usage: {
          prompt_tokens: 3,
          completion_tokens: 9,
          total_tokens: 12,
          completion_tokens_details: { reasoning_tokens: 5 },
        },
        costUsdTicks: 25,
      },
    ]);
  });

  it('that come in one piece are read as one, though each is a chunk of HTTP', async () => {
    const sent = [says('1'), says('2'), says('3'), ends(), DONE];
    server.play((response) => {
      // Written in one turn, so sent in one piece.
      for (const event of sent) response.write(eventLines(event));
      response.end();
    });
    const batches: ChatEvent[][] = [];
    for await (const batch of await stream()) batches.push(batch);
    expect(batches).toEqual([[step({ content: '1' }), step({ content: '2' }), step({ content: '3' }), END]]);
  });

  it('hold reasoning, refusals, logprobs and several choices', async () => {
    const logprobs = { content: [{ token: 'A', logprob: -0.1 }] };
    const all = await eventsOf(
      events(
        chunk({ index: 0, delta: { role: 'assistant', reasoning_content: 'Hm', content: null } }),
        chunk({ index: 0, delta: { content: 'A' }, logprobs }, { index: 1, delta: { refusal: 'No' } }),
        chunk({ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }, { index: 1, delta: { content: '' } }),
        chunk({ index: 1, finish_reason: 'stop' }),
        DONE,
      ),
      { ...CHAT, n: 2 },
    );
    expect(all).toEqual([
      step({ reasoning_content: 'Hm' }),
      {
        type: 'deltas',
        choices: [
          { index: 0, delta: { content: 'A' }, logprobs, finish_reason: null },
          { index: 1, delta: { refusal: 'No' }, finish_reason: null },
        ],
      },
      { type: 'deltas', choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }] },
      step({}, 'stop', 1),
    ]);
  });

  it('number the calls of tools that xAI does not number, for each choice', async () => {
    const call = (id: string, args: unknown = '{}') => ({
      id,
      type: 'function',
      function: { name: 'add', arguments: args },
    });
    const calls = (index: number, ...tool_calls: object[]) => chunk({ index, delta: { tool_calls } });
    const all = await eventsOf(
      events(
        calls(0, call('a'), call('b', { x: 1 })),
        calls(1, call('c')),
        calls(0, call('d', null)),
        ends('tool_calls', 0),
        ends('tool_calls', 1),
        DONE,
      ),
      { ...CHAT, n: 2 },
    );
    const numbered = (index: number, id: string, args = '{}') => ({ index, ...call(id, args) });
    expect(all.slice(0, 3)).toEqual([
      step({ tool_calls: [numbered(0, 'a'), numbered(1, 'b', '{"x":1}')] }),
      step({ tool_calls: [numbered(0, 'c')] }, null, 1),
      step({ tool_calls: [numbered(2, 'd', '')] }),
    ]);
  });

  it('go on with a call that comes in parts', async () => {
    const part = (call: object) => chunk({ index: 0, delta: { tool_calls: [call] } });
    const all = await eventsOf(
      events(
        part({ index: 0, id: 'a', function: { name: 'add', arguments: '' } }),
        part({ index: 0, function: { arguments: '{"x"' } }),
        part({ function: { arguments: ':1}' } }),
        part({ id: 'b', function: { name: 'add', arguments: '{}' } }),
        ends('tool_calls'),
        DONE,
      ),
    );
    const calls = all.flatMap((event) =>
      event.type === 'deltas' ? event.choices.flatMap(({ delta }) => delta.tool_calls ?? []) : [],
    );
    expect(calls.map(({ index, id, function: called }) => [index, id, called.name, called.arguments])).toEqual([
      [0, 'a', 'add', ''],
      [0, '', '', '{"x"'],
      [0, '', '', ':1}'],
      [1, 'b', 'add', '{}'],
    ]);
  });

  it.each<[string, (object | string)[]]>([
    ['chunks that carry nothing', [says(''), chunk(), says('Hi'), chunk({ index: 0, delta: {} }), {}, ends(), DONE]],
    ['comments', [': processing\n\n', says('Hi'), ':\n\n: again\n\n', ends(), DONE]],
    ['fields that are not data', ['event: message\nid: 7\nretry: 10\nodd\n', says('Hi'), ends(), DONE]],
    ['data over several lines', ['data: {"choices":\ndata: [{"delta":{"content":"Hi"}}]}\n\n', ends(), DONE]],
    ['CRLF', [eventLines(says('Hi'), ends(), DONE).replaceAll('\n', '\r\n')]],
    ['CR', [eventLines(says('Hi'), ends(), DONE).replaceAll('\n', '\r')]],
    ['a byte order mark', ['\uFEFF', says('Hi'), ends(), DONE]],
    ['blank lines', ['\n\r\n  \n', says('Hi'), '\n\n\n', ends(), DONE]],
    ['no blank after the colon', [`data:${JSON.stringify(says('Hi'))}\n\n`, ends(), 'data:[DONE]\n\n']],
    ['null where xAI has nothing', [{ ...says('Hi'), usage: null, error: null }, ends(), DONE]],
    ['odd types', [{ ...says('Hi'), usage: 'none', system_fingerprint: 7 }, { choices: 'x' }, ends(), DONE]],
    ['no index', [chunk({ delta: { content: 'Hi' } }), chunk({ finish_reason: 'stop' }), DONE]],
    ['an end told twice', [says('Hi'), ends(), ends(), DONE]],
    ['no [DONE]', [says('Hi'), ends()]],
    ['no last empty line', [says('Hi'), eventLines(ends()).trimEnd()]],
    ['more after [DONE]', [says('Hi'), ends(), DONE, says('never')]],
  ])('are the same with %s', async (_, parts) => {
    expect(await eventsOf(events(...parts))).toEqual([step({ content: 'Hi' }), END]);
  });

  it('are those of a stream that its content type does not name', async () => {
    const mislabelled = answer(200, eventLines(says('Hi'), ends(), DONE), { 'content-type': 'application/json' });
    expect(await eventsOf(mislabelled)).toEqual([step({ content: 'Hi' }), END]);
  });

  it('may end with [DONE] alone', async () => {
    expect(await eventsOf(events(says('Hi'), DONE))).toEqual([step({ content: 'Hi' })]);
  });

  it('have the last usage of several', async () => {
    const all = await eventsOf(
      events({ ...says('Hi'), usage: { prompt_tokens: 3, completion_tokens: 1 } }, ends(), uses(USAGE), DONE),
    );
    expect(all).toHaveLength(3);
    expect(all[2]).toMatchObject({ type: 'usage', usage: { completion_tokens: 9 } });
  });

  it.each(['length', 'content_filter'])('may be none but an end by %s', async (reason) => {
    expect(await eventsOf(events(says(''), ends(reason), DONE))).toEqual([step({}, reason)]);
  });

  it('keep the order of ends that came before any content', async () => {
    const all = await eventsOf(events(ends('stop', 1), says('Hi'), ends(), DONE), { ...CHAT, n: 2 });
    expect(all).toEqual([step({}, 'stop', 1), step({ content: 'Hi' }), END]);
  });

  it('are the same however the bytes are split', async () => {
    const whole = Buffer.from(
      eventLines(
        '\n: hello\r\n\r\n',
        says('你好 😀'),
        chunk({ index: 0, delta: { reasoning_content: 'é', tool_calls: [{ id: 'a', function: { name: 'f' } }] } }),
        eventLines(says('\r\n')).replaceAll('\n', '\r\n'),
        'data: {"choices":\ndata: [{"delta":{"content":"…"}}]}\n\n',
        ends(),
        uses(USAGE),
        DONE,
      ),
    );
    const expected = await eventsOf(inParts([whole]));
    expect(expected).toHaveLength(6);
    await fc.assert(
      fc.asyncProperty(splits, async (cuts) => {
        expect(await eventsOf(inParts(partsOf(whole, cuts)))).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a stream that does not begin', () => {
  it.each<[string, Script]>([
    ['no body', answer(200)],
    ['no events', events(': hello\n\n')],
    ['[DONE] alone', events(DONE)],
    ['a role alone', events(says(''), DONE)],
    ['a role and an end', events(says(''), ends(), uses(USAGE), DONE)],
    ['usage alone', events(uses(USAGE), DONE)],
    ['a body that is cut before it', eventsThenCut(says(''))],
    ['headers alone', eventsThenCut()],
    ['no answer', hangUp],
    ['HTML', answer(200, '<!doctype html><p>Hello</p>')],
    ['HTML named events', answer(200, '\n<html>', { 'content-type': 'text/event-stream' })],
    ['plain text', answer(200, 'upstream connect error')],
    ['JSON that is no error', answer(200, { choices: [{ message: { content: 'Hi' } }] })],
    ['a chunk that is no JSON', events('data: oops\n\n')],
    ['a chunk that is no object', events('data: 7\n\n')],
    ['a chunk that is a list', events('data: []\n\n')],
    ['a choice that cannot be', events(says('Hi', 128), says('Hi', -1), DONE)],
    ['a cut chunk', events('data: {"choices":[{"delta":{"content":"H')],
    ['a 503', answer(503, { error: 'overloaded' })],
    ['a redirect', answer(307, '', { location: '/elsewhere' })],
    ['an error that is cut', cut(400, '{"error":"bad')],
    ['an error too long', answer(400, 'x'.repeat(1_048_577))],
  ])('may be tried elsewhere: %s', async (_, script) => {
    server.play(script);
    const error = await failureOf(stream());
    expect(error).toMatchObject({ fault: 'transient', outcome: 'fault', submitted: 'no' });
    await (await server.received(1)).closed;
  });

  it.each<[string, Script, string]>([
    ['as its status', answer(429, { error: 'Too many requests' }, { 'retry-after': '3' }), 'Too many requests'],
    ['as JSON in a 200', answer(200, { code: 'resource-exhausted', error: 'Slow down' }), 'Slow down'],
    [
      'as JSON named events',
      answer(200, ` {"error":"Too many requests"}`, { 'content-type': 'text/event-stream' }),
      'Too many requests',
    ],
    ['as JSON without a length', unframed(200, '{"error":"Too many requests"}'), 'Too many requests'],
    ['as the first chunk', events({ error: { message: 'Too many requests' } }), 'Too many requests'],
    ['after empty chunks', events(says(''), { code: 'resource-exhausted', error: 'Wait' }), 'Wait'],
  ])('says why, %s', async (_, script, message) => {
    server.play(script);
    const error = await failureOf(stream());
    expect(error).toMatchObject({ fault: 'rate_limited', outcome: 'rate_limited', submitted: 'no', message });
  });

  it.each([
    [403, { error: 'Content violates usage guidelines. SAFETY_CHECK_TYPE_BIO' }, 'moderated', false],
    [404, { code: 'not-found', error: 'No such model' }, 'bad_request', true],
    [410, { error: 'search_parameters is gone' }, 'bad_request', false],
    [400, { error: 'Incorrect API key provided' }, 'credential_dead', false],
  ])('takes %i %j for %s', async (status, body, fault, unknownModel) => {
    server.play(answer(status, body));
    expect(await failureOf(stream())).toMatchObject({ fault, unknownModel, status });
  });

  it.each<[string, Script]>([
    ['before its headers', hang],
    ['after its headers', eventsThenHang()],
    ['after a role', eventsThenHang(says(''))],
    ['in an error', headersThenHang(400)],
  ])('is given up when it is silent %s', async (_, script) => {
    server.play(script);
    const error = await failureOf(stream(CHAT, 200));
    expect(error).toMatchObject({ fault: 'transient', outcome: 'fault', submitted: 'no' });
    expect(error.message).toContain('silent');
    await (await server.received(1)).closed;
  });

  it.each<[string, Script]>([
    ['before its headers', hang],
    ['after its headers', eventsThenHang()],
    ['in an error', headersThenHang(400)],
  ])('is left by its signal %s', async (_, script) => {
    server.play(script);
    const failure = failureOf(stream());
    const request = await server.received(1);
    abort.abort();
    expect(await failure).toMatchObject({ fault: 'aborted', outcome: 'not_counted', submitted: 'no' });
    await request.closed;
  });

  it('is not asked for when its signal is aborted already', async () => {
    abort.abort();
    expect(await failureOf(stream())).toMatchObject({ fault: 'aborted' });
    expect(server.requests).toHaveLength(0);
  });
});

describe('a stream that breaks', () => {
  const first = step({ content: 'Hi' });
  it.each<[string, Script, RegExp]>([
    ['it is cut', eventsThenCut(says('Hi')), /cut/],
    ['it is cut in a line', eventsThenCut(says('Hi'), 'data: {"choi'), /cut/],
    ['it ends early', events(says('Hi')), /cut/],
    ['it ends early with its usage', events(says('Hi'), uses(USAGE)), /cut/],
    ['it ends in a line', events(says('Hi'), 'data: {"choices":[{"del'), /read/],
    ['it ends early without framing', unframed(200, eventLines(says('Hi'), 'data: {"ch')), /read/],
    ['a chunk is HTML', events(says('Hi'), 'data: <html>\n\n', DONE), /read/],
    ['a line is too long', events(says('Hi'), `data: ${'x'.repeat(1_200_000)}`), /longer than/],
    ['an event is too long', events(says('Hi'), `data: ${'x'.repeat(1000)}\n`.repeat(1200)), /longer than/],
    ['it carries an error', events(says('Hi'), { error: { message: 'Sorry', code: 'internal' } }, DONE), /^Sorry$/],
  ])('is a fault after what came: %s', async (_, script, message) => {
    const { events: all, failure } = await brokenStream(script);
    expect(all).toEqual([first]);
    expect(failure).toMatchObject({ fault: 'transient', outcome: 'fault', submitted: 'no' });
    expect(failure?.message).toMatch(message);
    await (await server.received(1)).closed;
  });

  it('says what an error among its chunks means', async () => {
    const { failure } = await brokenStream(events(says('Hi'), { code: 'resource-exhausted', error: 'Wait' }));
    expect(failure).toMatchObject({ fault: 'rate_limited', message: 'Wait' });
  });

  it('misses a choice that never came', async () => {
    const { events: all, failure } = await brokenStream(events(says('Hi'), ends()), undefined, { ...CHAT, n: 2 });
    expect(all).toEqual([first, END]);
    expect(failure).toMatchObject({ fault: 'transient', outcome: 'fault' });
  });

  it('is given up when it is silent', async () => {
    const { events: all, failure } = await brokenStream(eventsThenHang(says('Hi')), 200);
    expect(all).toEqual([first]);
    expect(failure).toMatchObject({ fault: 'transient', outcome: 'fault' });
    expect(failure?.message).toContain('silent');
    await (await server.received(1)).closed;
  });

  it('lives as long as comments come', async () => {
    const comments: Script = (response) => {
      response.writeHead(200);
      response.write(eventLines(says('Hi')));
      let left = 12;
      const timer = setInterval(() => {
        left -= 1;
        if (left > 0) response.write(': still here\n\n');
        else response.end(eventLines(ends(), DONE));
      }, 50);
      response.once('close', () => clearInterval(timer));
    };
    server.play(comments);
    expect(await readAll(await stream(CHAT, 300))).toEqual({ events: [first, END], failure: undefined });
  });

  it('does not hold the silence of its reader against it', async () => {
    const text = 'x'.repeat(1000);
    server.play(events(...Array.from({ length: 2000 }, () => says(text)), ends(), DONE));
    let count = 0;
    for await (const batch of await stream(CHAT, 100)) {
      const isFirst = count === 0;
      count += batch.filter(({ type }) => type === 'deltas').length;
      if (isFirst) await new Promise((resolve) => setTimeout(resolve, 2500));
    }
    expect(count).toBe(2001);
  });
});

describe('a stream whose choices have ended', () => {
  it.each<[string, Script]>([
    ['is cut', eventsThenCut(says('Hi'), ends(), uses(USAGE))],
    ['is cut in a line', eventsThenCut(says('Hi'), ends(), uses(USAGE), 'data: [DO')],
    ['ends in a line', events(says('Hi'), ends(), uses(USAGE), 'data: [DO')],
    ['falls silent', eventsThenHang(says('Hi'), ends(), uses(USAGE))],
    ['tells an error', events(says('Hi'), ends(), uses(USAGE), { error: 'oops' })],
  ])('is whole although it %s', async (_, script) => {
    server.play(script);
    const { events: all, failure } = await readAll(await stream(CHAT, 300));
    expect(failure).toBeUndefined();
    expect(all.map((event) => event.type)).toEqual(['deltas', 'deltas', 'usage']);
  });

  it('is not waited for as long as one that goes on', async () => {
    server.play(eventsThenHang(says('Hi'), ends()));
    expect(await readAll(await stream(CHAT, 60_000))).toEqual({
      events: [step({ content: 'Hi' }), END],
      failure: undefined,
    });
    await (await server.received(1)).closed;
  });

  it('leaves its connection to the next', async () => {
    const endsLate: Script = (response) => {
      response.writeHead(200);
      response.write(eventLines(says('Hi'), ends(), DONE));
      setTimeout(() => response.end(), 20);
    };
    for (let count = 1; count <= 10; count += 1) {
      await eventsOf(endsLate);
      await (await server.received(count)).closed;
    }
    // A connection is taken up again only a moment after its last answer, so that a few may be open.
    expect(new Set(server.requests.map((request) => request.clientPort)).size).toBeLessThan(10);
  });

  it('is closed when it goes on for ever', async () => {
    const endless: Script = (response) => {
      response.writeHead(200);
      response.write(eventLines(says('Hi'), ends(), DONE));
      const timer = setInterval(() => response.write(': more\n\n'), 5);
      response.once('close', () => clearInterval(timer));
    };
    expect(await eventsOf(endless)).toHaveLength(2);
    await (await server.received(1)).closed;
  });
});

describe('a reader that leaves', () => {
  it('closes the connection when it breaks off', async () => {
    server.play(eventsThenHang(says('Hi'), says('there')));
    for await (const [event] of await stream()) {
      expect(event).toEqual(step({ content: 'Hi' }));
      break;
    }
    await (await server.received(1)).closed;
  });

  it('closes the connection while it waits for an event', async () => {
    server.play(eventsThenHang(says('Hi')));
    const iterator = (await stream(CHAT, 600_000))[Symbol.asyncIterator]();
    await iterator.next();
    const waiting = failureOf(iterator.next());
    await iterator.return?.();
    expect(await waiting).toMatchObject({ fault: 'aborted', outcome: 'not_counted' });
    await (await server.received(1)).closed;
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
  });

  it('closes the connection before it reads', async () => {
    server.play(eventsThenHang(says('Hi')));
    await (await stream())[Symbol.asyncIterator]().return?.();
    await (await server.received(1)).closed;
  });

  it('closes the connection by its signal, within a moment', async () => {
    server.play(eventsThenHang(says('Hi')));
    const iterator = (await stream())[Symbol.asyncIterator]();
    await iterator.next();
    const waiting = failureOf(iterator.next());
    const request = await server.received(1);
    const before = performance.now();
    abort.abort();
    expect(await waiting).toMatchObject({ fault: 'aborted', outcome: 'not_counted', submitted: 'no' });
    await request.closed;
    expect(performance.now() - before).toBeLessThan(500);
  });

  it('closes the connection by its signal although it reads nothing', async () => {
    server.play(eventsThenHang(says('Hi')));
    const open = await stream();
    abort.abort();
    await (await server.received(1)).closed;
    expect((await readAll(open)).failure).toMatchObject({ fault: 'aborted' });
  });

  it('is not read ahead for more than a little', async () => {
    let sent = 0;
    const flood: Script = (response) => {
      response.writeHead(200);
      const line = eventLines(says('x'.repeat(10_000)));
      const write = () => {
        do sent += line.length;
        while (!response.destroyed && response.write(line));
      };
      response.on('drain', write);
      write();
    };
    server.play(flood);
    await stream();
    let before = -1;
    while (before !== sent) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    // The kernel's buffers are most of it.
    expect(sent).toBeLessThan(16_000_000);
    abort.abort();
    await (await server.received(1)).closed;
  });
});
