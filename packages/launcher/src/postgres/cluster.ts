import { chown, mkdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@grok2api/service-kit';
import { LaunchError } from '../launch-error.js';
import { runCommand } from '../run-command.js';
import { randomPassword, readOrCreateSecret } from '../secret-file.js';
import { processIdentity, programName } from '../supervision/process-identity.js';
import { chooseAccount, commandAs, type PostgresAccount } from './account.js';
import type { PostgresBinaries } from './binaries.js';

/** A database cluster on disk. */
export interface PostgresCluster {
  directory: string;
  account: PostgresAccount;
  /** Superuser and database have the same name. */
  user: string;
  password: string;
}

const NAME = 'grok2api';

/**
 * The cluster in `DATA_DIR/postgres`, made when there is none: UTF-8, sorted by code point, passwords by SCRAM,
 * with the database `grok2api` of the superuser `grok2api`.
 * @throws LaunchError when it cannot be made, or not be used here
 */
export async function prepareCluster(
  dataDir: string,
  binaries: PostgresBinaries,
  options: { log: Logger; signal: AbortSignal },
): Promise<PostgresCluster> {
  const directory = join(dataDir, 'postgres');
  const password = await readOrCreateSecret(join(dataDir, 'postgres.password'), randomPassword);
  if (await holdsCluster(directory)) {
    const account = await chooseAccount(binaries, directory, options.signal);
    return { directory, account, user: NAME, password };
  }
  options.log.info('making the database');
  // Under another name until it is whole: a half-made one is thrown away at the next start.
  const unfinished = `${directory}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  const account = await chooseAccount(binaries, unfinished, options.signal);
  await initialize(unfinished, { account, password, binaries, signal: options.signal });
  await rename(unfinished, directory);
  return { directory, account, user: NAME, password };
}

/**
 * Removes the lock file of a server that was killed when its pid has since become another program's, which
 * Postgres itself cannot tell apart from a server that lives. Its shared memory still keeps two servers apart.
 */
export async function removeStaleLock(directory: string): Promise<void> {
  const path = join(directory, 'postmaster.pid');
  const pid = Number.parseInt(await readFile(path, 'utf8').catch(() => ''), 10);
  if (Number.isNaN(pid) || processIdentity(pid) === undefined || programName(pid) === 'postgres') return;
  await unlink(path);
}

async function holdsCluster(directory: string): Promise<boolean> {
  try {
    return (await readFile(join(directory, 'PG_VERSION'), 'utf8')).trim() !== '';
  } catch {
    // No directory yet.
    return false;
  }
}

interface Initialization {
  account: PostgresAccount;
  password: string;
  binaries: PostgresBinaries;
  signal: AbortSignal;
}

async function initialize(directory: string, parts: Initialization): Promise<void> {
  const { account, password, binaries, signal } = parts;
  const passwordFile = `${directory}.password`;
  await rm(passwordFile, { force: true });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (account.uid !== undefined && account.gid !== undefined) await chown(passwordFile, account.uid, account.gid);
  const run = async (file: string, args: string[], input?: string) => {
    const { file: program, args: line, ...ids } = commandAs(account, file, args);
    const env = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
    const given = input === undefined ? {} : { input };
    const { code, lines } = await runCommand(program, line, { ...ids, ...given, cwd: directory, env, signal });
    // A server in single-user mode ends with 0 whatever became of the statement.
    if (code === 0 && !lines.some((text) => /\b(ERROR|FATAL|PANIC): /.test(text))) return;
    throw new LaunchError('The database cannot be made.', { details: lines });
  };
  try {
    // The built-in provider sorts the same on every system, whatever locales it has.
    const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    const access = [`--username=${NAME}`, '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
    await run(binaries.initdb, ['-D', directory, ...access, ...locale, '--no-instructions']);
    await run(binaries.postgres, ['--single', '-D', directory, 'postgres'], `CREATE DATABASE ${NAME};\n`);
  } finally {
    await rm(passwordFile, { force: true });
  }
}
