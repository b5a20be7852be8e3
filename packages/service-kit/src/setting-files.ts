import { readFileSync } from 'node:fs';

/** The environment with what its files say, and a sentence for each file that cannot be used. */
export interface SettingsWithFiles {
  env: NodeJS.ProcessEnv;
  faults: string[];
}

/**
 * Puts the content of the file that `NAME_FILE` names into `NAME`, for the settings of these names: so are secrets
 * mounted into containers. White space at the end of a file does not count, and an empty file is a setting that is not
 * set. `NAME_FILE` itself is left out of the result.
 */
export function withSettingFiles(names: readonly string[], env: NodeJS.ProcessEnv): SettingsWithFiles {
  const result = { ...env };
  const faults: string[] = [];
  for (const name of names) {
    const variable = `${name}_FILE`;
    const path = env[variable];
    // A setting whose own name ends like that is no file of another one.
    if (!path || names.includes(variable)) continue;
    delete result[variable];
    if (env[name]) {
      faults.push(`${name} and ${variable} are both set`);
      continue;
    }
    try {
      result[name] = readFileSync(path, 'utf8').trimEnd();
    } catch (err) {
      const reason = err instanceof Error && 'code' in err ? String(err.code) : 'unknown fault';
      faults.push(`${variable}: ${path} cannot be read (${reason})`);
    }
  }
  return { env: result, faults };
}
