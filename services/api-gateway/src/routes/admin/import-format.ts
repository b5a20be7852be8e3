import { ApiError, importCredentialsSchema } from '@grok2api/contracts';
import { CsvError, parse } from 'csv-parse/sync';
import { z } from 'zod';
import { structureFault } from '../../body/json-structure.js';

/** A credential of an import, not checked yet: as in the body that adds one. */
export interface ImportEntry {
  /** In a text its line, in JSON its place; from 1. */
  line: number;
  credential: unknown;
}

/** The content types that an import may have. */
export const IMPORT_TYPES = ['application/json', 'text/csv', 'text/plain'];

const FORMATS: Record<string, (text: string) => ImportEntry[]> = {
  'application/json': fromJson,
  'text/csv': fromCsv,
  'text/plain': fromLines,
};
const NUMBERS = ['priority', 'max_concurrency', 'requests_per_second', 'monthly_budget_usd'];

/**
 * Reads the credentials of an import. JSON: an array of secrets or of objects, or an object with it as `credentials`.
 * CSV: the first line names the columns, `secret` among them. Plain text: a secret a line; blank lines and those that
 * begin with `#` are passed over.
 * @param type one of `IMPORT_TYPES`
 * @throws ApiError when the text as a whole cannot be read; it repeats nothing of it
 */
export function readImport(type: string, text: string): ImportEntry[] {
  return FORMATS[type]?.(text) ?? [];
}

function fromJson(text: string): ImportEntry[] {
  const fault = structureFault(Buffer.from(text));
  if (fault !== undefined) throw new ApiError('json_not_accepted', { values: { reason: fault } });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ApiError('invalid_json', { values: { reason: 'it cannot be parsed' } });
  }
  const parsed = importCredentialsSchema.safeParse(value);
  if (!parsed.success) {
    throw new ApiError('invalid_type', { param: 'body', values: { expected: 'an array of secrets or credentials' } });
  }
  const entries = Array.isArray(parsed.data) ? parsed.data : parsed.data.credentials;
  return entries.map((entry, index) => ({
    line: index + 1,
    credential: typeof entry === 'string' ? { secret: entry } : entry,
  }));
}

const recordsSchema = z.array(
  z.object({ record: z.record(z.string(), z.string()), info: z.object({ lines: z.number() }) }),
);

function fromCsv(text: string): ImportEntry[] {
  let records: z.infer<typeof recordsSchema>;
  try {
    const options = { columns: true, bom: true, trim: true, skip_empty_lines: true, info: true } as const;
    records = recordsSchema.parse(parse(text, options));
  } catch (err) {
    // Its message may hold a piece of the text.
    const line = err instanceof CsvError && 'lines' in err ? ` (line ${err.lines})` : '';
    throw new ApiError('invalid_csv', { values: { reason: `it cannot be parsed${line}` } });
  }
  if (records[0] && !('secret' in records[0].record)) {
    throw new ApiError('invalid_csv', { values: { reason: 'the first line names no column `secret`' } });
  }
  return records.map(({ record, info }) => ({ line: info.lines, credential: fromColumns(record) }));
}

/** An empty cell is as if it were not there; what is to be a number is one, where it can be read as one. */
function fromColumns(record: Record<string, string>): unknown {
  const cells = Object.entries(record).filter(([, text]) => text !== '');
  return Object.fromEntries(
    cells.map(([name, text]) => [name, NUMBERS.includes(name) && !Number.isNaN(Number(text)) ? Number(text) : text]),
  );
}

function fromLines(text: string): ImportEntry[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .map((line, index) => ({ line: index + 1, secret: line.trim() }))
    .filter(({ secret }) => secret !== '' && !secret.startsWith('#'))
    .map(({ line, secret }) => ({ line, credential: { secret } }));
}
