import { describe, expect, it } from 'vitest';
import { chatStreams, END, ends, says, step, USAGE, uses } from './chat-streams.js';
import { DONE, eventLines, events, eventsThenCut, eventsThenHang, type Script, unframed } from './scripted-server.js';
import { CHAT, failureOf, readAll } from './support.js';

const chats = chatStreams();
const { stream, eventsOf, brokenStream } = chats;

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
    await (await chats.server.received(1)).closed;
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
    await (await chats.server.received(1)).closed;
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
    chats.server.play(comments);
    expect(await readAll(await stream(CHAT, 300))).toEqual({ events: [first, END], failure: undefined });
  });

  it('does not hold the silence of its reader against it', async () => {
    const text = 'x'.repeat(1000);
    chats.server.play(events(...Array.from({ length: 2000 }, () => says(text)), ends(), DONE));
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
    chats.server.play(script);
    const { events: all, failure } = await readAll(await stream(CHAT, 300));
    expect(failure).toBeUndefined();
    expect(all.map((event) => event.type)).toEqual(['deltas', 'deltas', 'usage']);
  });

  it('is not waited for as long as one that goes on', async () => {
    chats.server.play(eventsThenHang(says('Hi'), ends()));
    expect(await readAll(await stream(CHAT, 60_000))).toEqual({
      events: [step({ content: 'Hi' }), END],
      failure: undefined,
    });
    await (await chats.server.received(1)).closed;
  });

  it('leaves its connection to the next', async () => {
    const endsLate: Script = (response) => {
      response.writeHead(200);
      response.write(eventLines(says('Hi'), ends(), DONE));
      setTimeout(() => response.end(), 20);
    };
    for (let count = 1; count <= 10; count += 1) {
      await eventsOf(endsLate);
      await (await chats.server.received(count)).closed;
    }
    // A connection is taken up again only a moment after its last answer, so that a few may be open.
    expect(new Set(chats.server.requests.map((request) => request.clientPort)).size).toBeLessThan(10);
  });

  it('is closed when it goes on for ever', async () => {
    const endless: Script = (response) => {
      response.writeHead(200);
      response.write(eventLines(says('Hi'), ends(), DONE));
      const timer = setInterval(() => response.write(': more\n\n'), 5);
      response.once('close', () => clearInterval(timer));
    };
    expect(await eventsOf(endless)).toHaveLength(2);
    await (await chats.server.received(1)).closed;
  });
});

describe('a reader that leaves', () => {
  it('closes the connection when it breaks off', async () => {
    chats.server.play(eventsThenHang(says('Hi'), says('there')));
    for await (const [event] of await stream()) {
      expect(event).toEqual(step({ content: 'Hi' }));
      break;
    }
    await (await chats.server.received(1)).closed;
  });

  it('closes the connection while it waits for an event', async () => {
    chats.server.play(eventsThenHang(says('Hi')));
    const iterator = (await stream(CHAT, 600_000))[Symbol.asyncIterator]();
    await iterator.next();
    const waiting = failureOf(iterator.next());
    await iterator.return?.();
    expect(await waiting).toMatchObject({ fault: 'aborted', outcome: 'not_counted' });
    await (await chats.server.received(1)).closed;
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
  });

  it('closes the connection before it reads', async () => {
    chats.server.play(eventsThenHang(says('Hi')));
    await (await stream())[Symbol.asyncIterator]().return?.();
    await (await chats.server.received(1)).closed;
  });

  it('closes the connection by its signal, within a moment', async () => {
    chats.server.play(eventsThenHang(says('Hi')));
    const iterator = (await stream())[Symbol.asyncIterator]();
    await iterator.next();
    const waiting = failureOf(iterator.next());
    const request = await chats.server.received(1);
    const before = performance.now();
    chats.abort.abort();
    expect(await waiting).toMatchObject({ fault: 'aborted', outcome: 'not_counted', submitted: 'no' });
    await request.closed;
    expect(performance.now() - before).toBeLessThan(500);
  });

  it('closes the connection by its signal although it reads nothing', async () => {
    chats.server.play(eventsThenHang(says('Hi')));
    const open = await stream();
    chats.abort.abort();
    await (await chats.server.received(1)).closed;
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
    chats.server.play(flood);
    await stream();
    let before = -1;
    while (before !== sent) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    // The kernel's buffers are most of it.
    expect(sent).toBeLessThan(16_000_000);
    chats.abort.abort();
    await (await chats.server.received(1)).closed;
  });
});
