import { Agent, type Dispatcher } from 'undici';
import type { AddressGuard } from './address-guard.js';
import { guardedConnector } from './guarded-connector.js';
import { proxiedConnector } from './proxied-connector.js';
import { ProxyTunnels } from './proxy-tunnels.js';

const CONNECT_TIMEOUT_MS = 10_000;
const OPTIONS: Agent.Options = {
  // Without pipelining undici closes a connection after its answer.
  pipelining: 0,
  maxHeaderSize: 16_384,
  connect: { timeout: CONNECT_TIMEOUT_MS },
};

/** What requests go through, each on a connection of its own. */
export interface Agents {
  /** For origins that the operator configured: connects to wherever they are. */
  trusted: Dispatcher;
  /** For every other address. */
  guarded: Dispatcher;
  /** Ends every connection. */
  destroy(): Promise<void>;
}

/** Opens both agents; the guarded one goes through the proxy, if there is one. */
export function openAgents(guard: AddressGuard, proxyUrl: string | undefined): Agents {
  const trusted = new Agent(OPTIONS);
  const direct = guardedConnector(guard, CONNECT_TIMEOUT_MS);
  const tunnels = proxyUrl === undefined ? undefined : new ProxyTunnels(proxyUrl, CONNECT_TIMEOUT_MS);
  const connect = tunnels ? proxiedConnector(tunnels, guard, direct) : direct;
  const guarded = new Agent({ ...OPTIONS, connect });
  return {
    trusted,
    guarded,
    destroy: async () => {
      await Promise.all([trusted.destroy(), guarded.destroy(), tunnels?.close()]);
    },
  };
}
