import { chown, readFile, stat } from 'node:fs/promises';
import { LaunchError } from '../launch-error.js';
import { runCommand } from '../run-command.js';
import type { PostgresBinaries } from './binaries.js';

/** Under whom Postgres runs: the launcher's own user when it has no ids. */
export interface PostgresAccount {
  uid?: number;
  gid?: number;
  /** A capability of root that it keeps, to reach directories that are closed to the user. */
  capability?: 'dac_read_search' | 'dac_override';
}

/** A command line and under whom to spawn it. */
export interface AccountCommand {
  file: string;
  args: string[];
  uid?: number;
  gid?: number;
}

const ADVICE = 'start as a user other than root, or set DATABASE_URL to the address of a running Postgres';

/** The command that runs `file` under the account, as the same process in the end. */
export function commandAs(account: PostgresAccount, file: string, args: readonly string[]): AccountCommand {
  const { uid, gid, capability } = account;
  if (uid === undefined || gid === undefined) return { file, args: [...args] };
  if (capability === undefined) return { file, args: [...args], uid, gid };
  // setpriv(1). The one capability is all that the process can ever have. The secure bit is for access(2), with
  // which Postgres looks for its own files: without it, the kernel answers there as if the capability were not.
  const only = `-all,+${capability}`;
  const privileges = ['--reuid', `${uid}`, '--regid', `${gid}`, '--clear-groups', '--no-new-privs'];
  const capabilities = ['--bounding-set', only, '--inh-caps', only, '--ambient-caps', only];
  const bits = ['--securebits', '+no_setuid_fixup,+no_setuid_fixup_locked'];
  return { file: 'setpriv', args: [...privileges, ...capabilities, ...bits, file, ...args] };
}

/**
 * Chooses under whom Postgres, which refuses to be root, works in `directory`, and makes that directory theirs.
 * For root that is the directory's owner, else the user `postgres` or `nobody`, with as few privileges as reach
 * the directory and the programs.
 * @throws LaunchError when Postgres cannot run here
 */
export async function chooseAccount(
  binaries: PostgresBinaries,
  directory: string,
  signal: AbortSignal,
): Promise<PostgresAccount> {
  const candidates = await candidateAccounts(directory, signal);
  const details: string[] = [];
  for (const account of candidates) {
    const problem = await problemOf(account, binaries, directory, signal);
    if (problem === undefined) return account;
    details.push(problem);
  }
  throw new LaunchError(`Postgres cannot run here: ${ADVICE}.`, { details });
}

async function candidateAccounts(directory: string, signal: AbortSignal): Promise<PostgresAccount[]> {
  if (process.getuid?.() !== 0) return [{}];
  const user = await userFor(directory);
  await own(directory, user, signal);
  return [user, { ...user, capability: 'dac_read_search' }, { ...user, capability: 'dac_override' }];
}

async function userFor(directory: string): Promise<{ uid: number; gid: number }> {
  const { uid, gid } = await stat(directory);
  if (uid !== 0) return { uid, gid };
  const users = new Map(
    (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => {
      const [name = '', , userId, groupId] = line.split(':');
      return [name, { uid: Number(userId), gid: Number(groupId) }];
    }),
  );
  const user = users.get('postgres') ?? users.get('nobody');
  if (user && user.uid > 0) return user;
  throw new LaunchError(`Postgres refuses to run as root, and there is no user nobody: ${ADVICE}.`);
}

async function own(directory: string, user: { uid: number; gid: number }, signal: AbortSignal): Promise<void> {
  if ((await stat(directory)).uid === user.uid) return;
  try {
    await chown(directory, user.uid, user.gid);
  } catch (cause) {
    throw new LaunchError(`${directory} cannot be given to the user that Postgres runs as: ${ADVICE}.`, { cause });
  }
  // A copy that root put back belongs to root down to its last file.
  await runCommand('chown', ['-R', `${user.uid}:${user.gid}`, directory], { signal });
}

// The only way to know is to try: what closes a directory may be its mode, one above it, or a security module.
async function problemOf(
  account: PostgresAccount,
  binaries: PostgresBinaries,
  directory: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const script = 'cd "$1" && : <"$2" && exec "$3" --version';
  const { file, args, ...ids } = commandAs(account, '/bin/sh', [
    '-c',
    script,
    'sh',
    directory,
    binaries.sample,
    binaries.postgres,
  ]);
  try {
    const { code, lines } = await runCommand(file, args, { ...ids, cwd: '/', env: {}, signal });
    return code === 0 ? undefined : lines.join(' ');
  } catch (err) {
    signal.throwIfAborted();
    return String(err);
  }
}
