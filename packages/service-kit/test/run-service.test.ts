import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { EXIT_BAD_SETTING } from '../src/index.js';

const SERVICE = fileURLToPath(new URL('./stand-ins/service.mjs', import.meta.url));
const LAUNCHER = fileURLToPath(new URL('./stand-ins/launcher.mjs', import.meta.url));

const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** The stand-in service as a process; `lines` are its log so far. */
function start(env: Record<string, string>, channel = false) {
  const child = spawn(process.execPath, [SERVICE], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe', ...(channel ? (['ipc'] as const) : [])],
  });
  children.push(child);
  const lines: Record<string, unknown>[] = [];
  const reader = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  let opsUrl = '';
  reader.on('line', (text) => {
    const line = JSON.parse(text);
    if (line.msg === 'ops port open') opsUrl = line.url;
    else lines.push(line);
  });
  const output = once(reader, 'close');
  return {
    child,
    lines,
    /** Asks its ops port. */
    ops: (path: string) => fetch(opsUrl + path),
    messages: () => lines.map(({ msg }) => msg),
    /** Resolves when it has logged this. */
    logged: async (msg: string) => {
      while (!lines.some((line) => line.msg === msg)) await Promise.race([once(reader, 'line'), ended(output, lines)]);
    },
    /** Its exit code, when all its output is read. */
    exited: async () => {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await output;
      return child.exitCode;
    },
  };
}

async function ended(output: Promise<unknown>, lines: object[]): Promise<never> {
  await output;
  throw new Error(`it ended before:\n${lines.map((line) => JSON.stringify(line)).join('\n')}`);
}

describe('runService', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('runs the shutdown steps on %s and exits 0', async (signal) => {
    const service = start({ BEHAVIOUR: 'good', INSTANCE: 'stand-in-7' });
    await service.logged('started');
    service.child.kill(signal);
    expect(await service.exited()).toBe(0);
    expect(service.messages()).toEqual(['started', 'stopping', 'step second', 'step first', 'stopped']);
    expect(service.lines[1]).toMatchObject({ service: 'stand-in', instance: 'stand-in-7', why: signal });
  });

  it('is ready from its start until it is told to stop, and lives until it has', async () => {
    const service = start({ BEHAVIOUR: 'hangs', OPS_PORT: '0' });
    await service.logged('started');
    await expect.poll(async () => (await service.ops('/readyz')).status).toBe(200);
    expect(await (await service.ops('/metrics')).text()).toContain('grok2api_ready{service="stand-in"} 1\n');
    service.child.kill('SIGTERM');
    await service.logged('step second');
    const reply = await service.ops('/readyz');
    expect([reply.status, await reply.json()]).toEqual([503, { status: 'not ready', missing: ['stopping'] }]);
    expect((await service.ops('/healthz')).status).toBe(200);
  });

  it('exits 1 at once on a second signal', async () => {
    const service = start({ BEHAVIOUR: 'hangs' });
    await service.logged('started');
    service.child.kill('SIGTERM');
    await service.logged('step second');
    service.child.kill('SIGINT');
    expect(await service.exited()).toBe(1);
    expect(service.messages()).not.toContain('step first');
  });

  it('exits 78 on a bad setting, with one line a fault and nothing else', async () => {
    const service = start({ BEHAVIOUR: 'needs-settings' });
    expect(await service.exited()).toBe(EXIT_BAD_SETTING);
    expect(service.lines).toMatchObject([
      { level: 'fatal', msg: 'ONE is not set' },
      { level: 'fatal', msg: 'TWO is not set' },
    ]);
    expect(service.lines).toHaveLength(2);
  });

  it.each([
    ['a start that fails', 'fails', 'the start failed'],
    ['a rejection that nobody caught', 'rejects', 'nobody caught this'],
    ['an exception that nobody caught', 'throws', expect.stringContaining('JSON')],
  ])('exits 1 after %s', async (_what, behaviour, message) => {
    const service = start({ BEHAVIOUR: behaviour });
    expect(await service.exited()).toBe(1);
    expect(service.lines.at(-1)).toMatchObject({ level: 'fatal', msg: 'crashed', err: { message } });
  });

  it('takes an empty LOG_LEVEL and an empty INSTANCE as not set', async () => {
    const service = start({ BEHAVIOUR: 'good', LOG_LEVEL: '', INSTANCE: '' });
    await service.logged('started');
    expect(service.lines[0]?.instance).toMatch(/^stand-in@/);
  });

  it('takes a wrong LOG_LEVEL as a bad setting', async () => {
    const service = start({ BEHAVIOUR: 'good', LOG_LEVEL: 'loud' });
    expect(await service.exited()).toBe(EXIT_BAD_SETTING);
    expect(service.lines).toMatchObject([
      { level: 'fatal', msg: expect.stringMatching(/^LOG_LEVEL: must be one of /) },
    ]);
  });

  it('stops by itself when the channel to its launcher closes', async () => {
    const service = start({ BEHAVIOUR: 'good' }, true);
    await service.logged('started');
    service.child.disconnect();
    expect(await service.exited()).toBe(0);
    expect(service.messages()).toEqual(['started', 'stopping', 'step second', 'step first', 'stopped']);
  });

  it('stops by itself when the channel closed before it began', async () => {
    const service = start({ BEHAVIOUR: 'loses-launcher' }, true);
    await once(service.child, 'message');
    service.child.disconnect();
    expect(await service.exited()).toBe(0);
  });

  it('goes on without a launcher when it was started without one', async () => {
    const service = start({ BEHAVIOUR: 'good' });
    await service.logged('started');
    expect(service.messages()).toEqual(['started']);
  });

  it('ends when its launcher is killed, although nobody reads its log any more', async () => {
    const launcher = spawn(process.execPath, [LAUNCHER], {
      env: { PATH: process.env.PATH, BEHAVIOUR: 'good' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(launcher);
    const [line] = await once(createInterface({ input: launcher.stdout }), 'line');
    const pid = Number(line);
    expect(isAlive(pid)).toBe(true);
    launcher.kill('SIGKILL');
    const deadline = Date.now() + 10_000;
    while (isAlive(pid)) {
      if (Date.now() > deadline) {
        process.kill(pid, 'SIGKILL');
        throw new Error('the service outlives its launcher');
      }
      await sleep(20);
    }
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // Gone.
    return false;
  }
}
