import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TcpRelay } from '@grok2api/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';

let echo: Server;
let relay: TcpRelay;
beforeEach(async () => {
  echo = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  relay = await TcpRelay.start((echo.address() as AddressInfo).port);
});
afterEach(async () => {
  await relay.stop();
  echo.close();
});

async function open(): Promise<Socket> {
  const socket = connect(relay.port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Also of a socket that has an error. */
function closed(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve));
}

/** What comes back within a while. */
async function said(socket: Socket, text: string, withinMs = 300): Promise<string> {
  socket.write(text);
  return String(await Promise.race([once(socket, 'data').then(([data]) => data), sleep(withinMs, '')]));
}

it('passes on, and says that a side has ended', async () => {
  const socket = await open();
  expect(await said(socket, 'hello')).toBe('hello');
  socket.end();
  await once(socket, 'end');
});

it('cuts: connections are reset, new ones too, until it is healed', async () => {
  const socket = await open();
  relay.cut();
  await closed(socket);
  await closed(connect(relay.port, '127.0.0.1').on('error', () => {}));
  relay.heal();
  expect(await said(await open(), 'hello')).toBe('hello');
});

it.each(['there', 'back'] as const)('blocks %s without a word: what was held back comes later', async (direction) => {
  const socket = await open();
  relay.block(direction);
  expect(await said(socket, 'hello')).toBe('');
  expect(socket.destroyed).toBe(false);
  const late = once(socket, 'data');
  relay.heal();
  expect(String((await late)[0])).toBe('hello');
});

it('delays', async () => {
  const socket = await open();
  relay.delay(150);
  const begun = performance.now();
  expect(await said(socket, 'hello', 2_000)).toBe('hello');
  expect(performance.now() - begun).toBeGreaterThan(250);
});
