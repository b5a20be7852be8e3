import type { LookupAddress } from 'node:dns';
import { isIPv6 } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSafeFetch, type SafeFetch, type SafeFetchOptions } from '../src/index.js';
import { PRIVATE_HOSTS } from './address-tables.js';
import { type CountingServer, startCountingServer } from './counting-server.js';

const LIMITS = { maxBytes: 1000, timeoutMs: 10_000, idleTimeoutMs: 10_000 };

let server: CountingServer;
let other: CountingServer;
let client: SafeFetch;
let location: string;

beforeEach(async () => {
  server = await startCountingServer((request, response) => {
    if (request.url === '/redirect') response.writeHead(302, { location }).end();
    else response.end('here');
  });
  other = await startCountingServer((_request, response) => response.end('never'));
  client = createSafeFetch();
});

afterEach(async () => {
  await client.close();
  await server.close();
  await other.close();
});

/** A client for names: each look-up of a name takes the next answer, the last one again and again. */
function clientResolving(answers: string[][], options: SafeFetchOptions = {}) {
  const asked: string[] = [];
  const lookup = async (hostname: string): Promise<LookupAddress[]> => {
    const addresses = answers[Math.min(asked.length, answers.length - 1)] ?? [];
    asked.push(hostname);
    return addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  };
  client = createSafeFetch({ ports: [80, 443, server.port], lookup, ...options });
  return asked;
}

describe('an address that is not public', () => {
  it.each(PRIVATE_HOSTS)('is refused in the URL: %s', async (host) => {
    clientResolving([['127.0.0.1']]);
    await expect(client.get(`http://${host}:${server.port}/`, LIMITS)).rejects.toMatchObject({
      reason: 'blocked_address',
    });
    expect(server.connections).toEqual([]);
  });

  it.each([
    '127.0.0.1',
    '127.0.0.2',
    '0.0.0.0',
    '10.0.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
    'fe80::1%lo',
    'fd00::1',
    'garbage',
  ])('is refused as what a name resolves to: %s', async (address) => {
    const asked = clientResolving([[address]]);
    for (const scheme of ['http', 'https']) {
      await expect(client.get(`${scheme}://rebind.example:${server.port}/`, LIMITS)).rejects.toMatchObject({
        reason: 'blocked_address',
      });
    }
    expect(asked).toEqual(['rebind.example', 'rebind.example']);
    expect(server.connections).toEqual([]);
  });

  it('is refused as what the system makes of localhost', async () => {
    client = createSafeFetch({ ports: [server.port] });
    for (const name of ['localhost', 'LOCALHOST']) {
      await expect(client.get(`http://${name}:${server.port}/`, LIMITS)).rejects.toMatchObject({
        reason: 'blocked_address',
      });
    }
    expect(server.connections).toEqual([]);
  });

  it('is left out of several that a name has', async () => {
    clientResolving([['127.0.0.2', '127.0.0.1', '::1']], { allow: ['127.0.0.1/32'] });
    const { body } = await client.get(`http://both.example:${server.port}/`, LIMITS);
    expect(await text(body)).toBe('here');
    expect(server.connections).toEqual(['127.0.0.1']);
  });

  it('is refused when the name changes between two fetches, and a fetch asks but once', async () => {
    const asked = clientResolving([['127.0.0.1'], ['127.0.0.2']], { allow: ['127.0.0.1/32'] });
    const url = `http://rebind.example:${server.port}/`;
    expect(await text((await client.get(url, LIMITS)).body)).toBe('here');
    expect(asked).toHaveLength(1);
    await expect(client.get(url, LIMITS)).rejects.toMatchObject({ reason: 'blocked_address' });
    expect(server.connections).toEqual(['127.0.0.1']);
  });

  it('is refused when the name changes between a fetch and its redirect', async () => {
    location = '/same-host';
    clientResolving([['127.0.0.1'], ['127.0.0.2']], { allow: ['127.0.0.1/32'] });
    const fetched = client.get(`http://rebind.example:${server.port}/redirect`, LIMITS);
    await expect(fetched).rejects.toMatchObject({ reason: 'blocked_address' });
    expect(server.connections).toEqual(['127.0.0.1']);
  });

  it('is no less refused for being public when the port is for allowed networks only', async () => {
    clientResolving([['8.8.8.8', '127.0.0.1']], { ports: [80, 443], allow: ['10.0.0.0/8'] });
    await expect(client.get(`http://name.example:${server.port}/`, LIMITS)).rejects.toMatchObject({
      reason: 'blocked_address',
    });
    expect(server.connections).toEqual([]);
  });
});

describe('a network that the operator allows', () => {
  it('is fetched from, by address and by name, on any port', async () => {
    clientResolving([['127.0.0.1']], { ports: [80, 443], allow: ['127.0.0.0/8'] });
    for (const host of ['127.0.0.1', '127.0.0.2', 'name.example']) {
      const { body, status, url } = await client.get(`http://${host}:${server.port}/a?b`, LIMITS);
      expect(await text(body)).toBe('here');
      expect({ status, url }).toEqual({ status: 200, url: `http://${host}:${server.port}/a?b` });
    }
    expect(server.connections).toHaveLength(3);
  });
});

describe('a trusted origin', () => {
  it('is fetched from, by that origin only', async () => {
    client = createSafeFetch({ trustedOrigins: [`${server.origin}/v1`] });
    expect(await text((await client.get(`${server.origin}/file`, LIMITS)).body)).toBe('here');
    await expect(client.get(`http://127.0.0.2:${server.port}/`, LIMITS)).rejects.toMatchObject({
      reason: 'blocked_address',
    });
    await expect(client.get(other.origin, LIMITS)).rejects.toMatchObject({ reason: 'blocked_address' });
    expect([server.connections.length, other.connections.length]).toEqual([1, 0]);
  });

  it('may be named for one fetch', async () => {
    const { body } = await client.get(server.origin, { ...LIMITS, trustedOrigins: [server.origin] });
    expect(await text(body)).toBe('here');
    await expect(client.get(server.origin, LIMITS)).rejects.toMatchObject({ reason: 'blocked_address' });
    expect(server.connections).toHaveLength(1);
  });

  it.each([
    ['another port', () => other.origin, 'blocked_address'],
    ['a decimal address', () => `http://2130706433:${other.port}/`, 'blocked_address'],
    ['a name for it', () => `http://localhost:${other.port}/`, 'bad_url'],
    ['a private address', () => 'http://169.254.169.254/latest/meta-data', 'blocked_address'],
    ['no scheme, another host', () => `//127.0.0.2:${server.port}/`, 'blocked_address'],
    ['a user name', () => server.origin.replace('//', '//user@'), 'bad_url'],
    ['another scheme', () => 'file:///etc/passwd', 'bad_url'],
    ['nothing that is a URL', () => 'http://', 'bad_url'],
  ])('may not redirect to %s', async (_what, target, reason) => {
    location = target();
    const options = { ...LIMITS, trustedOrigins: [server.origin] };
    await expect(client.get(`${server.origin}/redirect`, options)).rejects.toMatchObject({ reason });
    expect([server.connections.length, other.connections.length]).toEqual([1, 0]);
  });

  it('may redirect within itself', async () => {
    location = 'there?x=1';
    const answer = await client.get(`${server.origin}/redirect`, { ...LIMITS, trustedOrigins: [server.origin] });
    expect(await text(answer.body)).toBe('here');
    expect(answer.url).toBe(`${server.origin}/there?x=1`);
  });
});
