import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Direction } from '@grok2api/testkit';

const run = promisify(execFile);

/**
 * A network of its own for a process, joined to this host by a pair of virtual interfaces, whose packets can be
 * dropped: nobody is told, and nothing answers (Linux, as root, with iproute2 and iptables).
 */
export class NetworkNamespace {
  private constructor(
    private readonly name: string,
    private readonly link: string,
    /** This host's address in it. */
    readonly hostAddress: string,
  ) {}

  /** Makes one; undefined where the machine does not allow it. */
  static async create(): Promise<NetworkNamespace | undefined> {
    const name = `grok2api-${process.pid}`;
    const link = `g2a${process.pid}`;
    // Of the range for tests of networks, RFC 2544.
    const subnet = `198.18.${process.pid % 256}`;
    const namespace = new NetworkNamespace(name, link, `${subnet}.1`);
    try {
      await run('ip', ['netns', 'add', name]);
      await run('ip', ['link', 'add', link, 'type', 'veth', 'peer', 'name', 'outside', 'netns', name]);
      await run('ip', ['addr', 'add', `${subnet}.1/30`, 'dev', link]);
      await run('ip', ['link', 'set', link, 'up']);
      await namespace.#inside('ip', 'addr', 'add', `${subnet}.2/30`, 'dev', 'outside');
      await namespace.#inside('ip', 'link', 'set', 'outside', 'up');
      await namespace.#inside('ip', 'link', 'set', 'lo', 'up');
      await namespace.heal();
      return namespace;
    } catch (err) {
      await namespace.remove();
      process.stdout.write(`no network namespaces here: ${err instanceof Error ? err.message : err}\n`);
      return undefined;
    }
  }

  /** The command that runs another one in it. */
  get within(): readonly string[] {
    return ['ip', 'netns', 'exec', this.name];
  }

  /** Drops every packet to or from a port of the host. */
  async drop(port: number, ...directions: Direction[]): Promise<void> {
    for (const direction of directions) {
      const [chain, end] = direction === 'there' ? ['OUTPUT', '--dport'] : ['INPUT', '--sport'];
      await this.#inside('iptables', '-A', chain, '-p', 'tcp', end, String(port), '-j', 'DROP');
    }
  }

  /** Lets every packet pass again. */
  async heal(): Promise<void> {
    await this.#inside('iptables', '-F');
  }

  async remove(): Promise<void> {
    // What was never made cannot be removed.
    await run('ip', ['link', 'del', this.link]).catch(() => {});
    await run('ip', ['netns', 'del', this.name]).catch(() => {});
  }

  #inside(...command: string[]): Promise<unknown> {
    return run('ip', ['netns', 'exec', this.name, ...command]);
  }
}
