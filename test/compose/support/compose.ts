import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freeLoopbackPort } from '@grok2api/launcher';

const ROOT = join(fileURLToPath(import.meta.url), '../../../..');
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;
const run = promisify(execFile);

/** A line of a service's log. */
export interface ContainerLine {
  service?: string;
  instance?: string;
  msg?: string;
  task_id?: string;
  [field: string]: unknown;
}

/** The system of docker-compose.yml under a name, a port and secrets of its own. */
export class Compose {
  private constructor(
    readonly directory: string,
    readonly port: number,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /** Makes the secrets; starts nothing. */
  static async prepare(settings: Record<string, string>): Promise<Compose> {
    const directory = mkdtempSync(join(tmpdir(), 'grok2api-compose-'));
    const port = await freeLoopbackPort();
    const secrets = { SECRETS_DIR: join(directory, 'secrets'), SECRETS_ENV_FILE: join(directory, '.env') };
    const compose = new Compose(directory, port, {
      ...process.env,
      ...secrets,
      ...settings,
      COMPOSE_PROJECT_NAME: 'grok2api-test',
      COMPOSE_ENV_FILES: secrets.SECRETS_ENV_FILE,
      PORT: String(port),
    });
    await compose.script('secrets.sh');
    return compose;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Runs `docker compose`; resolves to what it printed. */
  async compose(...args: string[]): Promise<string> {
    return this.#run('docker', ['compose', ...args]);
  }

  /** Runs `docker`. */
  async docker(...args: string[]): Promise<string> {
    return this.#run('docker', args);
  }

  /** Runs a script of deploy/docker. */
  async script(name: string, ...args: string[]): Promise<string> {
    return this.#run('sh', [join(ROOT, 'deploy/docker', name), ...args]);
  }

  /** Ids of the running containers of a service. */
  async containers(service: string): Promise<string[]> {
    return (await this.compose('ps', '--quiet', service)).split('\n').filter((id) => id !== '');
  }

  /** Every container with its state: `running healthy`, `exited`. */
  async states(): Promise<{ service: string; state: string; health: string; exitCode: number }[]> {
    const text = await this.compose('ps', '--all', '--format', 'json');
    return text
      .trim()
      .split('\n')
      .map((line) => {
        const { Service: service, State: state, Health: health, ExitCode: exitCode } = JSON.parse(line);
        return { service, state, health, exitCode };
      });
  }

  /** Lines of the logs of these services that are JSON. */
  async lines(...services: string[]): Promise<ContainerLine[]> {
    const text = await this.compose('logs', '--no-log-prefix', '--no-color', ...services);
    return text.split('\n').flatMap((line): ContainerLine[] => (line.startsWith('{') ? [JSON.parse(line)] : []));
  }

  /** What a GET answers inside of a service's container. */
  async inside(service: string, url: string): Promise<unknown> {
    const program = `fetch('${url}').then((reply) => reply.text()).then((text) => process.stdout.write(text))`;
    return JSON.parse(await this.compose('exec', '-T', service, 'node', '-e', program));
  }

  /** Ends everything and removes all data. */
  async remove(): Promise<void> {
    await this.compose('down', '--volumes', '--timeout', '5');
    rmSync(this.directory, { recursive: true });
  }

  async #run(file: string, args: readonly string[]): Promise<string> {
    const { stdout } = await run(file, args, { cwd: ROOT, env: this.env, maxBuffer: MAX_OUTPUT_BYTES });
    return stdout;
  }
}
