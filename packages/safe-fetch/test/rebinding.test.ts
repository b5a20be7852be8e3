import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkPublicUrl, createSafeFetch, type SafeFetch, type SafeFetchOptions } from '../src/index.js';
import { PRIVATE_ADDRESSES } from './address-tables.js';
import { ConnectionAttempts } from './connection-attempts.js';
import { type CountingServer, startCountingServer } from './counting-server.js';
import { type DnsServer, startDnsServer } from './dns-server.js';

const LIMITS = { maxBytes: 1000, timeoutMs: 10_000, idleTimeoutMs: 10_000 };
/** Stands for a public address: the one that may be connected to here. */
const PUBLIC = '127.0.0.1';
const PUBLIC_NETWORK = `${PUBLIC}/32`;

let server: CountingServer;
let attempts: ConnectionAttempts;
let dns: DnsServer;
let client: SafeFetch;

beforeEach(async () => {
  server = await startCountingServer((request, response) => {
    if (request.url === '/redirect') response.writeHead(302, { location: '/again' }).end();
    else response.end('here');
  });
  attempts = new ConnectionAttempts();
});

afterEach(async () => {
  attempts.stop();
  await client.close();
  dns.close();
  await server.close();
});

async function clientResolving(answers: string[][], options: SafeFetchOptions = {}): Promise<string> {
  dns = await startDnsServer(answers);
  client = createSafeFetch({ ports: [80, 443, server.port], lookup: dns.lookup, ...options });
  return `http://rebind.example:${server.port}`;
}

function refused(asked: Promise<unknown>): Promise<void> {
  return expect(asked).rejects.toMatchObject({ reason: 'blocked_address' });
}

describe.each(PRIVATE_ADDRESSES)('a name that resolves to %s', (address) => {
  it('is not connected to after it was public when the URL was checked', async () => {
    const url = await clientResolving([['93.184.215.14'], [address]]);
    expect(checkPublicUrl('http://rebind.example/')).toMatchObject({ ok: true });
    expect(await dns.lookup('rebind.example')).toEqual([{ address: '93.184.215.14', family: 4 }]);
    await refused(client.get(url, LIMITS));
    await refused(client.post(url, { body: '{}', timeoutMs: 10_000 }));
    expect(dns.asked).toHaveLength(3);
    expect(attempts.addresses).toEqual([]);
    expect(server.connections).toEqual([]);
  });

  it('is not connected to after it was public in the fetch before, and is looked up once for each', async () => {
    const url = await clientResolving([[PUBLIC], [address]], { allow: [PUBLIC_NETWORK] });
    expect(await text((await client.get(url, LIMITS)).body)).toBe('here');
    await refused(client.get(url, LIMITS));
    await refused(client.post(url, { body: '{}', timeoutMs: 10_000 }));
    expect(dns.asked).toHaveLength(3);
    expect(attempts.addresses).toEqual([`${PUBLIC}:${server.port}`]);
    expect(server.connections).toEqual([PUBLIC]);
  });

  it('is not connected to after it was public before the redirect', async () => {
    const url = await clientResolving([[PUBLIC], [address]], { allow: [PUBLIC_NETWORK] });
    await refused(client.get(`${url}/redirect`, LIMITS));
    expect(dns.asked).toHaveLength(2);
    expect(attempts.addresses).toEqual([`${PUBLIC}:${server.port}`]);
    expect(server.connections).toEqual([PUBLIC]);
  });

  it('is connected to at its public address alone when it has both', async () => {
    const url = await clientResolving([[address, PUBLIC]], { allow: [PUBLIC_NETWORK] });
    expect(await text((await client.get(url, LIMITS)).body)).toBe('here');
    expect(attempts.addresses).toEqual([`${PUBLIC}:${server.port}`]);
    expect(server.connections).toEqual([PUBLIC]);
  });
});
