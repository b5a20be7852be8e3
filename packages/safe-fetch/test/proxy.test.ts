import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { startTestProxy, type TestProxy } from '@grok2api/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSafeFetch, type SafeFetch, type SafeFetchOptions } from '../src/index.js';
import { PRIVATE_ADDRESSES } from './address-tables.js';
import { type CountingServer, startCountingServer } from './counting-server.js';
import { type DnsServer, startDnsServer } from './dns-server.js';

const LIMITS = { maxBytes: 1000, timeoutMs: 10_000, idleTimeoutMs: 10_000 };
const PUBLIC = '93.184.215.14';
const PUBLIC_V6 = '2606:2800:21f:cb07:6820:80da:af6b:8b2c';

let server: CountingServer;
let received: IncomingMessage[];
let location: string;
let proxy: TestProxy;
let dns: DnsServer;
let client: SafeFetch;

beforeEach(async () => {
  received = [];
  server = await startCountingServer((request, response) => {
    received.push(request);
    if (request.url === '/redirect') response.writeHead(302, { location }).end();
    else response.end('here');
  });
});

afterEach(async () => {
  await client.close();
  dns.close();
  await proxy.close();
  await server.close();
});

async function clientResolving(answers: string[][], options: SafeFetchOptions = {}, port = server.port): Promise<void> {
  proxy = await startTestProxy(port);
  dns = await startDnsServer(answers);
  client = createSafeFetch({ proxy: proxy.url, lookup: dns.lookup, ...options });
}

const targets = () => proxy.asked.map(({ target }) => target);

describe('through a proxy', () => {
  it('a host is asked for by the address that was judged, and the request names the host', async () => {
    await clientResolving([[PUBLIC, PUBLIC_V6]]);
    const { body } = await client.get('http://name.example/a?b', LIMITS);
    expect(await text(body)).toBe('here');
    expect(targets()).toEqual([`${PUBLIC}:80`]);
    expect(dns.asked).toEqual(['name.example']);
    expect(received.map(({ url, headers }) => [url, headers.host])).toEqual([['/a?b', 'name.example']]);
  });

  it.each([
    [PUBLIC, `${PUBLIC}:80`],
    [`[${PUBLIC_V6}]`, `[${PUBLIC_V6}]:80`],
  ])('an address is asked for as it is: %s', async (host, target) => {
    await clientResolving([]);
    expect(await text((await client.get(`http://${host}/`, LIMITS)).body)).toBe('here');
    expect(targets()).toEqual([target]);
    expect(dns.asked).toEqual([]);
  });

  it('a post arrives, and each request has a tunnel of its own', async () => {
    await clientResolving([[PUBLIC]]);
    const posted = () => client.post('http://name.example/', { body: '{}', timeoutMs: 10_000 });
    const answers = await Promise.all([posted(), posted(), posted()]);
    expect(await Promise.all(answers.map(({ body }) => text(body)))).toEqual(['here', 'here', 'here']);
    expect(received.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST']);
    expect(targets()).toEqual(Array(3).fill(`${PUBLIC}:80`));
  });

  it('user name and password are told to the proxy, and to nobody else', async () => {
    await clientResolving([[PUBLIC]]);
    await client.close();
    client = createSafeFetch({ proxy: proxy.url.replace('//', '//me:p%40ss@'), lookup: dns.lookup });
    await text((await client.get('http://name.example/', LIMITS)).body);
    const expected = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;
    expect(proxy.asked).toEqual([{ target: `${PUBLIC}:80`, authorization: expected }]);
    expect(received[0]?.headers).not.toHaveProperty('proxy-authorization');
  });

  it('TLS is spoken with the host itself, by its name', async () => {
    const hello: Buffer[] = [];
    const raw = createServer((socket) => {
      socket.once('data', (data) => {
        hello.push(data);
        socket.destroy();
      });
    });
    raw.listen(0, '127.0.0.1');
    await once(raw, 'listening');
    const address = raw.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    await clientResolving([[PUBLIC]], {}, address.port);
    await expect(client.get('https://name.example/', LIMITS)).rejects.toMatchObject({ reason: 'connect_failed' });
    // A ClientHello names the server in the clear.
    expect(hello[0]?.includes('name.example')).toBe(true);
    expect(targets()).toEqual([`${PUBLIC}:443`]);
    raw.close();
  });

  it.each(PRIVATE_ADDRESSES)('a name that resolves to %s is not asked for', async (address) => {
    await clientResolving([[PUBLIC], [address]]);
    expect(await text((await client.get('http://rebind.example/', LIMITS)).body)).toBe('here');
    await expect(client.get('http://rebind.example/', LIMITS)).rejects.toMatchObject({ reason: 'blocked_address' });
    location = 'http://rebind.example/';
    await expect(client.get(`http://${PUBLIC}/redirect`, LIMITS)).rejects.toMatchObject({ reason: 'blocked_address' });
    expect(targets()).toEqual([`${PUBLIC}:80`, `${PUBLIC}:80`]);
  });

  it('a public host on another port is not asked for', async () => {
    await clientResolving([[PUBLIC]], { allow: ['10.0.0.0/8'] });
    await expect(client.get('http://name.example:8443/', LIMITS)).rejects.toMatchObject({ reason: 'blocked_address' });
    expect(targets()).toEqual([]);
  });

  it('networks that the operator allows and trusted origins are not reached', async () => {
    await clientResolving([['127.0.0.1']], { allow: ['127.0.0.1/32'] });
    for (const host of ['127.0.0.1', 'name.example']) {
      expect(await text((await client.get(`http://${host}:${server.port}/`, LIMITS)).body)).toBe('here');
    }
    await client.close();
    client = createSafeFetch({ proxy: proxy.url, trustedOrigins: [server.origin] });
    expect(await text((await client.get(server.origin, LIMITS)).body)).toBe('here');
    expect(targets()).toEqual([]);
    expect(server.connections).toHaveLength(3);
  });
});

describe('a proxy', () => {
  const addresses = ['93.184.215.1', '93.184.215.2', '93.184.215.3', '93.184.215.4', '93.184.215.5'];

  async function clientOf(answer: (target: string) => number | 'silence'): Promise<void> {
    proxy = await startTestProxy(server.port, answer);
    dns = await startDnsServer([addresses]);
    client = createSafeFetch({ proxy: proxy.url, lookup: dns.lookup });
  }

  it.each([403, 407, 502])(
    'that answers %i is asked for some more addresses, then the connection fails',
    async (status) => {
      await clientOf(() => status);
      await expect(client.get('http://name.example/', LIMITS)).rejects.toMatchObject({
        reason: 'connect_failed',
        cause: { message: `the proxy answered ${status}` },
      });
      expect(targets()).toEqual(addresses.slice(0, 3).map((address) => `${address}:80`));
    },
  );

  it('that reaches the second address only is used for that', async () => {
    await clientOf((target) => (target === `${addresses[1]}:80` ? 200 : 503));
    expect(await text((await client.get('http://name.example/', LIMITS)).body)).toBe('here');
    expect(targets()).toHaveLength(2);
  });

  it('that is silent ends with the time of the fetch', async () => {
    await clientOf(() => 'silence');
    const fetched = client.get('http://name.example/', { ...LIMITS, timeoutMs: 300 });
    await expect(fetched).rejects.toMatchObject({ reason: 'timeout' });
  });

  it('that is away is told as a failed connection', async () => {
    await clientOf(() => 200);
    await proxy.close();
    await expect(client.get('http://name.example/', LIMITS)).rejects.toMatchObject({ reason: 'connect_failed' });
    expect(server.connections).toEqual([]);
    proxy = await startTestProxy(server.port);
  });
});
