import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { type Answer, decode, encode } from 'dns-packet';
import type { SafeFetchOptions } from '../src/index.js';

type Lookup = NonNullable<SafeFetchOptions['lookup']>;

export interface DnsServer {
  /** Resolves names by asking this server. */
  lookup: Lookup;
  /** The names that were looked up, one entry for each look-up. */
  asked: string[];
  close(): void;
}

/**
 * A DNS server for any name. The nth look-up of a name is answered with the nth list of addresses, with a time to live
 * of 0; those after the last list with the last one.
 */
export async function startDnsServer(answers: readonly (readonly string[])[]): Promise<DnsServer> {
  const asked: string[] = [];
  const server = createSocket('udp4');
  server.on('message', (message, from) => {
    const query = decode(message);
    const [question] = query.questions ?? [];
    if (!question) return;
    const { name, type } = question;
    // Each look-up asks for A, then for AAAA.
    if (type === 'A') asked.push(name);
    const round = asked.filter((each) => each === name).length;
    const addresses = answers[Math.min(round, answers.length) - 1] ?? [];
    const found = addresses
      .filter((address) => (type === 'AAAA') === isIPv6(address))
      .map((data): Answer => ({ name, type: type === 'AAAA' ? 'AAAA' : 'A', ttl: 0, data }));
    const reply = encode({ type: 'response', id: query.id ?? 0, questions: [question], answers: found });
    server.send(reply, from.port, from.address);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${server.address().port}`]);
  const none = () => [];
  return {
    asked,
    lookup: async (hostname) => {
      const ipv4 = await resolver.resolve4(hostname).catch(none);
      const ipv6 = await resolver.resolve6(hostname).catch(none);
      return [...ipv4.map((address) => ({ address, family: 4 })), ...ipv6.map((address) => ({ address, family: 6 }))];
    },
    close: () => server.close(),
  };
}
