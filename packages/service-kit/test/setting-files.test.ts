import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readSettings, SettingsError } from '../src/index.js';

const schema = z.object({
  KEY: z.string().optional(),
  OTHER: z.string().optional(),
  MODELS_FILE: z.string().optional(),
  MODELS: z.string().optional(),
});

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'setting-files-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** A file that holds this. */
function file(content: string): string {
  const path = join(directory, `${Math.random()}`);
  writeFileSync(path, content);
  return path;
}

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readSettings(schema, env);
  } catch (err) {
    if (err instanceof SettingsError) return err.faults;
    throw err;
  }
  return [];
}

describe('a setting in a file', () => {
  it('is read from the file that NAME_FILE names, without the white space at its end', () => {
    expect(readSettings(schema, { KEY_FILE: file(' s3 cret\r\n\n'), OTHER: 'x' })).toEqual({
      KEY: ' s3 cret',
      OTHER: 'x',
    });
  });

  it('is not set when the file is empty, or the variable is', () => {
    expect(readSettings(schema, { KEY_FILE: file('\n'), OTHER_FILE: '' })).toEqual({});
  });

  it('leaves a setting alone whose own name ends like that', () => {
    expect(readSettings(schema, { MODELS_FILE: '/models.json' })).toEqual({ MODELS_FILE: '/models.json' });
  });

  it('is a fault that names the variable and the file when it cannot be read', () => {
    const missing = join(directory, 'missing');
    expect(faultsOf({ KEY_FILE: missing, OTHER_FILE: directory })).toEqual([
      `KEY_FILE: ${missing} cannot be read (ENOENT)`,
      `OTHER_FILE: ${directory} cannot be read (EISDIR)`,
    ]);
  });

  it('is a fault when it is set both ways, and says neither value', () => {
    const faults = faultsOf({ KEY: 's3cret-1', KEY_FILE: file('s3cret-2') });
    expect(faults).toEqual(['KEY and KEY_FILE are both set']);
  });
});
