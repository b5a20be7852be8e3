import { z } from 'zod';
import { allGone, type RunningProcess, runningProcess, signalIfRunning } from './running-process.js';

const SERVICES_GO_FIRST_MS = 2000;
const GRACE_MS = 10_000;

// Services stop by themselves when the launcher is gone, and want their servers while they do.
async function endAll(watched: readonly RunningProcess[]): Promise<void> {
  const services = watched.filter(({ leavesByItself }) => leavesByItself);
  const servers = watched.filter(({ leavesByItself }) => !leavesByItself);
  await allGone(services, SERVICES_GO_FIRST_MS);
  for (const server of servers) signalIfRunning(server, server.stopSignal);
  await allGone(watched, GRACE_MS);
  for (const left of watched) signalIfRunning(left, 'SIGKILL');
}

function guard(): void {
  let watched: RunningProcess[] = [];
  process.on('message', (message) => {
    watched = z.array(runningProcess).parse(message);
  });
  process.once('disconnect', () => {
    void endAll(watched).finally(() => process.exit());
  });
  // The launcher may have died before the line above ran.
  if (!process.connected) process.exit();
}

guard();
