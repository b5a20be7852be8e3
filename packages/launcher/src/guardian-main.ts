import { z } from 'zod';
import { endOrphans, type RunningProcess, runningProcess } from './supervision/running-process.js';

function guard(): void {
  let watched: RunningProcess[] = [];
  process.on('message', (message) => {
    watched = z.array(runningProcess).parse(message);
  });
  process.once('disconnect', () => {
    void endOrphans(watched).finally(() => process.exit());
  });
  // The launcher may have died before the line above ran.
  if (!process.connected) process.exit();
}

guard();
