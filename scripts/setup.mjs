// Everything between a fresh clone and something to run: Node's version, packages, generated clients, compiled code.
// Each step does nothing when nothing changed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const PNPM = 'pnpm@12.21.0';
const OLDEST_NODE = [20, 19];
const SHOWN_LINES = 20;
const STAMPS = join(root, 'node_modules', '.grok2api');
/** Folders with a Prisma schema in `prisma/` whose client is generated into `src/generated`. */
const PRISMA_FOLDERS = ['packages/task-store', 'services/token-pool'];
const NETWORK_FAULT =
  /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET|ERR_PNPM_META_FETCH_FAIL|fetch failed/i;

/** Why the set-up cannot go on: one sentence, and the last lines of the tool that failed. */
class SetupError extends Error {
  constructor(sentence, details = []) {
    super(sentence);
    this.details = details;
  }
}

/** Runs `task`; a failed step ends the process with 1 and one sentence, the tool's own last lines beneath. */
export async function main(task) {
  try {
    await task();
  } catch (err) {
    if (!(err instanceof SetupError)) throw err;
    console.error(`grok2api: ${err.message}`);
    for (const line of err.details) console.error(`  ${line}`);
    process.exit(1);
  }
}

/** All steps, in order. */
export async function setUp() {
  checkNode();
  await install();
  await generateClients();
  await compile();
  await buildConsole();
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new SetupError(`Node ${OLDEST_NODE.join('.')} or newer is needed, this is ${process.versions.node}.`);
}

async function install() {
  const fingerprint = installFingerprint();
  if (stampIs('install', fingerprint)) return;
  console.error('grok2api: installing packages (the first time takes a minute or two)');
  const result = await run('npx', ['--yes', PNPM, 'install', '--frozen-lockfile'], {
    // CI keeps pnpm from asking questions; a NODE_ENV of production would leave the compiler out.
    env: { ...process.env, CI: 'true', NODE_ENV: 'development' },
  }).catch((err) => {
    throw new SetupError('npx was not found: install npm, which brings it.', [err.message]);
  });
  if (result.code !== 0) {
    throw new SetupError(
      result.lines.some((line) => NETWORK_FAULT.test(line))
        ? 'The packages cannot be installed because the npm registry cannot be reached.'
        : 'The packages cannot be installed: pnpm failed.',
      result.lines,
    );
  }
  writeStamp('install', fingerprint);
}

function installFingerprint() {
  const manifests = ['packages', 'services'].flatMap((group) =>
    readdirSync(join(root, group))
      .sort()
      .map((name) => join(group, name, 'package.json'))
      .filter((path) => existsSync(join(root, path))),
  );
  const hash = createHash('sha256').update(`${PNPM} ${process.platform} ${process.arch}\n`);
  for (const path of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifests]) {
    hash.update(`${path}\n`).update(readFileSync(join(root, path)));
  }
  return hash.digest('hex');
}

async function generateClients() {
  for (const folder of PRISMA_FOLDERS) {
    const schema = join(root, folder, 'prisma', 'schema.prisma');
    if (!existsSync(schema)) continue;
    const prisma = toolPath('prisma', 'prisma', join(root, folder));
    const version = JSON.parse(readFileSync(join(root, folder, 'node_modules/prisma/package.json'), 'utf8')).version;
    const fingerprint = createHash('sha256').update(`${version}\n`).update(readFileSync(schema)).digest('hex');
    const stamp = `prisma-${folder.replaceAll('/', '-')}`;
    if (stampIs(stamp, fingerprint) && existsSync(join(root, folder, 'src', 'generated'))) continue;
    console.error(`grok2api: generating the database client of ${folder}`);
    const result = await run(process.execPath, [prisma, 'generate', '--schema', 'prisma/schema.prisma'], {
      cwd: join(root, folder),
      env: {
        ...process.env,
        // Prisma would download its schema engine, which generating a client does not use.
        PRISMA_SCHEMA_ENGINE_BINARY: existsSync('/bin/true') ? '/bin/true' : '/usr/bin/true',
        CHECKPOINT_DISABLE: '1',
        PRISMA_HIDE_UPDATE_MESSAGE: '1',
      },
    });
    if (result.code !== 0) throw new SetupError(`The database client of ${folder} cannot be generated.`, result.lines);
    writeStamp(stamp, fingerprint);
  }
}

async function compile() {
  const result = await run(process.execPath, [toolPath('typescript', 'tsc'), '-b']);
  if (result.code !== 0) throw new SetupError('The code does not compile.', result.lines);
}

// The pages are bundled apart from the compiler's output, which judges their types only.
async function buildConsole() {
  const folder = join(root, 'packages/console');
  const hash = createHash('sha256').update(readFileSync(join(root, 'pnpm-lock.yaml')));
  const folders = [join(folder, 'src'), join(root, 'packages/contracts/src')];
  const files = ['index.html', 'vite.config.ts'].map((name) => join(folder, name));
  for (const path of [...folders.flatMap(filesIn), ...files]) {
    hash.update(`${relative(root, path)}\n`).update(readFileSync(path));
  }
  const fingerprint = hash.digest('hex');
  if (stampIs('console', fingerprint) && existsSync(join(folder, 'dist/site/index.html'))) return;
  console.error('grok2api: building the console');
  const result = await run(process.execPath, [toolPath('vite', 'vite', folder), 'build'], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: 'production' },
  });
  if (result.code !== 0) throw new SetupError('The console cannot be built.', result.lines);
  writeStamp('console', fingerprint);
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Runs an installed tool of the root with the terminal's own input and output. Resolves to its exit code. */
export async function runTool(packageName, command, args) {
  const { code } = await run(process.execPath, [toolPath(packageName, command), ...args], { stdio: 'inherit' });
  return code;
}

// Starting a tool through npx or a shell takes longer than some of the tools do.
function toolPath(packageName, command, folder = root) {
  const directory = join(folder, 'node_modules', packageName);
  if (!existsSync(directory)) {
    throw new SetupError(`The package ${packageName} is not installed: remove node_modules and start again.`);
  }
  const { bin } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  return join(directory, typeof bin === 'string' ? bin : bin[command]);
}

function stampIs(name, fingerprint) {
  const path = join(STAMPS, name);
  return existsSync(path) && readFileSync(path, 'utf8') === fingerprint;
}

function writeStamp(name, fingerprint) {
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(join(STAMPS, name), fingerprint);
}

// Resolves to the exit code and the last lines of output. Being told to stop meanwhile, it takes the tool along.
function run(file, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const handlers = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => {
      const stop = () => {
        child.kill(signal);
        process.exit(1);
      };
      process.on(signal, stop);
      return () => process.off(signal, stop);
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        output = (output + text).slice(-16_384);
      });
    }
    const done = (settle) => {
      for (const remove of handlers) remove();
      settle();
    };
    child.on('error', (err) => done(() => reject(err)));
    child.on('close', (code) =>
      done(() => resolve({ code: code ?? 1, lines: output.trimEnd().split('\n').slice(-SHOWN_LINES) })),
    );
  });
}
