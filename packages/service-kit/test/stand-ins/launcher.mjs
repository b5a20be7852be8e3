// Starts the stand-in service over an IPC channel, with its own output, tells its pid, and lives on.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const service = fork(fileURLToPath(new URL('./service.mjs', import.meta.url)), {
  stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
});
service.stdout.once('data', () => process.stdout.write(`${service.pid}\n`));
setInterval(() => {}, 60_000);
