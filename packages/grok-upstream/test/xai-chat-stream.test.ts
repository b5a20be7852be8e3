import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChatEvent } from '../src/index.js';
import { chatStreams, chunk, END, ends, says, step, USAGE, uses } from './chat-streams.js';
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
  unframed,
} from './scripted-server.js';
import { CHAT, failureOf, partsOf, readAll, splits } from './support.js';

const chats = chatStreams();
const { stream, eventsOf } = chats;

describe('the request', () => {
  it('asks for a stream and its usage', async () => {
    await eventsOf(events(says('Hi'), ends(), DONE));
    const request = await chats.server.received(1);
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
    chats.server.play(events(says('He'), says('llo'), ends(), uses({ ...USAGE, cost_in_usd_ticks: 25 }), DONE));
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
    chats.server.play((response) => {
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
    chats.server.play(script);
    const error = await failureOf(stream());
    expect(error).toMatchObject({ fault: 'transient', outcome: 'fault', submitted: 'no' });
    await (await chats.server.received(1)).closed;
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
    chats.server.play(script);
    const error = await failureOf(stream());
    expect(error).toMatchObject({ fault: 'rate_limited', outcome: 'rate_limited', submitted: 'no', message });
  });

  it.each([
    [403, { error: 'Content violates usage guidelines. SAFETY_CHECK_TYPE_BIO' }, 'moderated', false],
    [404, { code: 'not-found', error: 'No such model' }, 'bad_request', true],
    [410, { error: 'search_parameters is gone' }, 'bad_request', false],
    [400, { error: 'Incorrect API key provided' }, 'credential_dead', false],
  ])('takes %i %j for %s', async (status, body, fault, unknownModel) => {
    chats.server.play(answer(status, body));
    expect(await failureOf(stream())).toMatchObject({ fault, unknownModel, status });
  });

  it.each<[string, Script]>([
    ['before its headers', hang],
    ['after its headers', eventsThenHang()],
    ['after a role', eventsThenHang(says(''))],
    ['in an error', headersThenHang(400)],
  ])('is given up when it is silent %s', async (_, script) => {
    chats.server.play(script);
    const error = await failureOf(stream(CHAT, 200));
    expect(error).toMatchObject({ fault: 'transient', outcome: 'fault', submitted: 'no' });
    expect(error.message).toContain('silent');
    await (await chats.server.received(1)).closed;
  });

  it.each<[string, Script]>([
    ['before its headers', hang],
    ['after its headers', eventsThenHang()],
    ['in an error', headersThenHang(400)],
  ])('is left by its signal %s', async (_, script) => {
    chats.server.play(script);
    const failure = failureOf(stream());
    const request = await chats.server.received(1);
    chats.abort.abort();
    expect(await failure).toMatchObject({ fault: 'aborted', outcome: 'not_counted', submitted: 'no' });
    await request.closed;
  });

  it('is not asked for when its signal is aborted already', async () => {
    chats.abort.abort();
    expect(await failureOf(stream())).toMatchObject({ fault: 'aborted' });
    expect(chats.server.requests).toHaveLength(0);
  });
});
