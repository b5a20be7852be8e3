import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@grok2api/service-kit';
import { LaunchError } from '../launch-error.js';
import { runCommand } from '../run-command.js';

const PACKAGE = 'nats-server';
const BINARY = 'usr/sbin/nats-server';

// apt.conf(5). Nothing of the system is written: the cache is private, hooks of the system do not run, and apt
// does not change to its own user, who may not reach the directory.
const CONFIGURATION = (directory: string) => `
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "2";
Dir::Cache "${directory}/cache";
`;
const PRIVATE_LISTS = (directory: string) => `Dir::State::lists "${directory}/lists";\n`;

/**
 * Gets nats-server out of the distribution's package into `directory`, without root and without installing it.
 * @returns the path of the binary
 * @throws LaunchError when there is no apt, no such package, or no way to it
 */
export async function fetchDebianPackage(
  directory: string,
  options: { log: Logger; env: NodeJS.ProcessEnv; signal: AbortSignal },
): Promise<string> {
  await mkdir(join(directory, 'lists', 'partial'), { recursive: true });
  await mkdir(join(directory, 'cache', 'archives', 'partial'), { recursive: true });
  const run = async (file: string, args: string[]) => {
    const { signal, env } = options;
    const result = await runCommand(file, args, { cwd: directory, env: { ...env, LC_ALL: 'C' }, signal });
    if (result.code !== 0) throw new LaunchError(`${file} ${args.join(' ')} failed.`, { details: result.lines });
  };

  const systemLists = join(directory, 'system-lists.conf');
  await writeFile(systemLists, CONFIGURATION(directory));
  try {
    await run('apt-get', ['-c', systemLists, 'download', PACKAGE]);
  } catch (err) {
    if (!(err instanceof LaunchError)) throw err;
    // The system's lists are empty, as in slim images, or old: read the archive's into the private directory.
    options.log.debug({ err }, "the system's package lists do not lead to nats-server");
    const privateLists = join(directory, 'private-lists.conf');
    await writeFile(privateLists, CONFIGURATION(directory) + PRIVATE_LISTS(directory));
    // One archive of several may be out of reach without harm; the download says whether it was the wanted one.
    await run('apt-get', ['-c', privateLists, 'update']).catch((cause: unknown) => {
      if (!(cause instanceof LaunchError)) throw cause;
      options.log.debug({ err: cause }, 'not every package list could be read');
    });
    await run('apt-get', ['-c', privateLists, 'download', PACKAGE]);
  }
  const archive = (await readdir(directory)).find((name) => name.endsWith('.deb'));
  if (archive === undefined) throw new LaunchError('apt-get downloaded no package.');
  await run('dpkg', ['-x', archive, 'root']);
  return join(directory, 'root', BINARY);
}
