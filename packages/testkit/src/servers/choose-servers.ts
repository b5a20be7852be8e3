import { type ContainerRuntimeClient, getContainerRuntimeClient, getReaper, ImageName } from 'testcontainers';
import { NATS_IMAGE, POSTGRES_IMAGE } from './container-server.js';

/**
 * Sets `TEST_SERVERS` for a run of the tests, unless it is set: `containers` where a container engine answers and has,
 * or can fetch, every image that it takes, else `binaries`. A global set-up of vitest.
 */
export default async function chooseServers(): Promise<void> {
  const given = process.env.TEST_SERVERS;
  if (given === 'binaries') return;
  try {
    const engine = await getContainerRuntimeClient();
    await fetchImages(engine);
    await keepTidy(engine);
    process.env.TEST_SERVERS = 'containers';
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    if (given === 'containers')
      throw new Error(`the tests cannot have their servers in containers: ${reason}`, { cause });
    process.env.TEST_SERVERS = 'binaries';
    say(`NATS and Postgres of the tests are binaries, not containers: ${reason}`);
    return;
  }
  say('NATS and Postgres of the tests are containers');
}

/** @throws when there is an image that the engine neither has nor can fetch */
async function fetchImages({ image }: ContainerRuntimeClient): Promise<void> {
  for (const name of [NATS_IMAGE, POSTGRES_IMAGE].map((text) => ImageName.fromString(text))) {
    if (!(await image.exists(name))) await image.pull(name);
  }
}

// The reaper removes what killed runs leave. Without its image the tests, which remove all they start, go without.
async function keepTidy(engine: ContainerRuntimeClient): Promise<void> {
  try {
    await getReaper(engine);
  } catch (err) {
    process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
    say(`containers of runs that are killed stay: ${err instanceof Error ? err.message.split('\n')[0] : String(err)}`);
  }
}

// The runner's own console would add a stack to each line.
function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
