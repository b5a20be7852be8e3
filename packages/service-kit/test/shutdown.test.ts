import { describe, expect, it } from 'vitest';
import { createLogger, Shutdown } from '../src/index.js';

function logTo(lines: string[]) {
  const destination = { write: (line: string) => void lines.push(line) };
  return createLogger({ service: 'test', instance: 'test', level: 'info', destination });
}

describe('Shutdown', () => {
  it('runs the steps added last first, each after the one before has ended', async () => {
    const shutdown = new Shutdown();
    const events: string[] = [];
    for (const name of ['first', 'second', 'third']) {
      shutdown.add(name, async () => {
        events.push(`${name} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        events.push(`${name} ends`);
      });
    }
    await shutdown.run(logTo([]));
    expect(events).toEqual([
      'third begins',
      'third ends',
      'second begins',
      'second ends',
      'first begins',
      'first ends',
    ]);
  });

  it('goes on after a step that fails, and logs its name', async () => {
    const shutdown = new Shutdown();
    const ran: string[] = [];
    const lines: string[] = [];
    shutdown.add('store', () => void ran.push('store'));
    shutdown.add('bus', async () => {
      throw new Error('no bus');
    });
    shutdown.add('http', () => {
      throw new Error('no http');
    });
    await shutdown.run(logTo(lines));
    expect(ran).toEqual(['store']);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'error', step: 'http', err: { message: 'no http' } },
      { level: 'error', step: 'bus', err: { message: 'no bus' } },
    ]);
  });

  it('runs once, and later calls wait for the first', async () => {
    const shutdown = new Shutdown();
    let runs = 0;
    let release = () => {};
    shutdown.add('slow', async () => {
      runs++;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
    });
    const first = shutdown.run(logTo([]));
    let secondEnded = false;
    const second = shutdown.run(logTo([])).then(() => {
      secondEnded = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(secondEnded).toBe(false);
    release();
    await Promise.all([first, second]);
    expect(runs).toBe(1);
  });

  it('aborts its signal before the first step', async () => {
    const shutdown = new Shutdown();
    expect(shutdown.signal.aborted).toBe(false);
    let abortedInStep = false;
    shutdown.add('look', () => {
      abortedInStep = shutdown.signal.aborted;
    });
    await shutdown.run(logTo([]));
    expect(abortedInStep).toBe(true);
  });
});
