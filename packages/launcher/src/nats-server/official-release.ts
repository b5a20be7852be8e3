import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LaunchError } from '../launch-error.js';
import { runCommand } from '../run-command.js';

/** An official release archive and the checksum that it must have. */
export interface Release {
  url: string;
  sha256: string;
  /** Path of the binary inside the archive. */
  binary: string;
}

const VERSION = '2.10.29';

// From the official container image's own build file: github.com/nats-io/nats-docker, 2.10.x/alpine3.22/Dockerfile.
const SHA256: Readonly<Record<string, string>> = {
  'linux-amd64': 'e314da74a83a1d3876db8814c27eb990fe729640fd6452025b441bcede8390da',
  'linux-arm64': 'da4b27942ecfb4c5f0c54553d2e7f470ddda9d7581cfe8131b351a0e223ed401',
};

/** The release for a platform and architecture in Node's words; undefined where none is pinned. */
export function officialRelease(platform: string, arch: string): Release | undefined {
  const target = `${platform}-${arch === 'x64' ? 'amd64' : arch}`;
  const sha256 = SHA256[target];
  if (sha256 === undefined) return undefined;
  const name = `nats-server-v${VERSION}-${target}`;
  return {
    url: `https://github.com/nats-io/nats-server/releases/download/v${VERSION}/${name}.tar.gz`,
    sha256,
    binary: `${name}/nats-server`,
  };
}

/**
 * Downloads and unpacks a release into `directory`, which exists.
 * @returns the path of the binary
 * @throws LaunchError when it cannot be had or is not what was pinned
 */
export async function fetchRelease(directory: string, release: Release, signal: AbortSignal): Promise<string> {
  const archive = join(directory, 'release.tar.gz');
  await download(release.url, archive, signal);
  const hash = createHash('sha256');
  await pipeline(createReadStream(archive), hash);
  const found = hash.digest('hex');
  if (found !== release.sha256) {
    throw new LaunchError(`${release.url} has the checksum ${found} instead of ${release.sha256}.`);
  }
  const result = await runCommand('tar', ['-xzf', archive, '-C', directory, release.binary], { signal });
  if (result.code !== 0) throw new LaunchError(`${archive} cannot be unpacked.`, { details: result.lines });
  return join(directory, release.binary);
}

async function download(url: string, path: string, signal: AbortSignal): Promise<void> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(120_000)]) });
    if (!response.ok || !response.body) throw new LaunchError(`${url} answered ${response.status}.`);
    await pipeline(Readable.fromWeb(response.body), createWriteStream(path), { signal });
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof LaunchError) throw cause;
    throw new LaunchError(`${url} cannot be downloaded.`, { cause });
  }
}
