import { access, constants, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Logger } from '@grok2api/service-kit';
import { LaunchError } from '../launch-error.js';
import { runCommand } from '../run-command.js';
import { fetchDebianPackage } from './debian-package.js';
import { fetchRelease, officialRelease, type Release } from './official-release.js';

/** Where to look for nats-server, and where to keep a fetched one. */
export interface FindOptions {
  /** Directory of this project alone, such as `.cache/nats-server`. */
  cacheDir: string;
  /** The environment: its PATH is searched, its proxies are used. */
  env: NodeJS.ProcessEnv;
  log: Logger;
  signal: AbortSignal;
  /** The release to fall back to; the pinned one of this machine when not given. */
  release?: Release | undefined;
}

const OLDEST = [2, 9];
// Debian puts servers where a user's PATH often does not look.
const USUAL_PLACES = ['/usr/local/bin', '/usr/local/sbin', '/usr/sbin', '/opt/homebrew/bin'];

/**
 * The path of a nats-server that runs here: on PATH, fetched earlier, or fetched now: from the distribution,
 * else the official release.
 * @throws LaunchError when there is none and none can be had
 */
export async function findNatsServer(options: FindOptions): Promise<string> {
  const { cacheDir, env, log, signal } = options;
  const cached = join(cacheDir, 'nats-server');
  const directories = [...(env.PATH ?? '').split(delimiter).filter((entry) => entry !== ''), ...USUAL_PLACES];
  for (const path of [...directories.map((directory) => join(directory, 'nats-server')), cached]) {
    if ((await isExecutable(path)) && (await isUsable(path, log, signal))) return path;
  }

  log.info('no nats-server on PATH, fetching one');
  await mkdir(cacheDir, { recursive: true });
  const workDir = await mkdtemp(join(cacheDir, 'fetch-'));
  try {
    const fetched = await fetchAny(workDir, options);
    // In one step: two launchers may fetch at the same time.
    await rename(fetched, cached);
    return cached;
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

async function fetchAny(workDir: string, options: FindOptions): Promise<string> {
  const { log, env, signal, release = officialRelease(process.platform, process.arch) } = options;
  const ways: (() => Promise<string>)[] = [() => fetchDebianPackage(workDir, { log, env, signal })];
  if (release) ways.push(() => fetchRelease(workDir, release, signal));
  const details: string[] = [];
  for (const way of ways) {
    try {
      const path = await way();
      if (await isUsable(path, log, signal)) return path;
      details.push(`${path} does not run here.`);
    } catch (err) {
      signal.throwIfAborted();
      details.push(...explained(err));
    }
  }
  throw new LaunchError(
    'There is no nats-server, and none can be fetched: install nats-server (apt install nats-server), or set NATS_URL to the address of a running one.',
    { details },
  );
}

function explained(err: unknown): string[] {
  if (err instanceof LaunchError) return [err.message, ...err.details];
  if (err instanceof Error && 'code' in err && err.code === 'ENOENT') return ['This machine has no apt-get.'];
  return [String(err)];
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not for us.
    return false;
  }
}

async function isUsable(path: string, log: Logger, signal: AbortSignal): Promise<boolean> {
  try {
    const { lines } = await runCommand(path, ['--version'], { signal });
    const [major = 0, minor = 0] = (/(\d+)\.(\d+)\./.exec(lines.join('\n')) ?? []).slice(1).map(Number);
    const [oldestMajor = 0, oldestMinor = 0] = OLDEST;
    if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return true;
    log.warn({ path, lines }, `this nats-server is not used, ${OLDEST.join('.')} or newer is needed`);
  } catch (err) {
    signal.throwIfAborted();
    log.warn({ err, path }, 'this nats-server does not run');
  }
  return false;
}
