/** Preloaded into a process (`--import`): profiles it from its start, and writes the profile when it ends. */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';

const directory = process.env.BENCH_PROFILES;
if (directory) {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.start');
  process.once('exit', () => {
    session.post('Profiler.stop', (_err, { profile }) => {
      writeFileSync(join(directory, `${process.pid}.json`), JSON.stringify(profile));
    });
  });
}
