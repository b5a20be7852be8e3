/** What the server takes an import as. */
export type ImportType = 'text/plain' | 'text/csv' | 'application/json';

/** What is about to be imported, as far as can be told before the server has looked. */
export interface ImportPreview {
  type: ImportType;
  entries: { line: number; secret: string; label: string }[];
  /** Of a JSON text that cannot be read. */
  isUnreadable: boolean;
}

const SHOWN = 4;

/** Looks into a text: JSON, a table whose first line names a column `secret`, else a secret a line. */
export function previewImport(text: string): ImportPreview {
  const trimmed = text.trim();
  if (/^[[{]/.test(trimmed)) return fromJson(trimmed);
  const lines = text.split(/\r?\n/).map((content, index) => ({ content: content.trim(), line: index + 1 }));
  const [head, ...rest] = lines.filter(({ content }) => content !== '');
  const columns = cellsOf(head?.content ?? '').map((name) => name.toLowerCase());
  const at = columns.indexOf('secret');
  if (at >= 0) {
    const label = columns.indexOf('label');
    const entries = rest.map(({ content, line }) => {
      const cells = cellsOf(content);
      return { line, secret: masked(cells[at] ?? ''), label: cells[label] ?? '' };
    });
    return { type: 'text/csv', entries, isUnreadable: false };
  }
  const entries = lines
    .filter(({ content }) => content !== '' && !content.startsWith('#'))
    .map(({ content, line }) => ({ line, secret: masked(content), label: '' }));
  return { type: 'text/plain', entries, isUnreadable: false };
}

function fromJson(text: string): ImportPreview {
  try {
    const parsed: unknown = JSON.parse(text);
    const list: unknown = isRecord(parsed) ? parsed.credentials : parsed;
    const entries = (Array.isArray(list) ? list : []).map((entry: unknown, index) => {
      const { secret, label } = isRecord(entry) ? entry : { secret: entry, label: '' };
      return { line: index + 1, secret: masked(String(secret ?? '')), label: String(label ?? '') };
    });
    return { type: 'application/json', entries, isUnreadable: entries.length === 0 };
  } catch {
    return { type: 'application/json', entries: [], isUnreadable: true };
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// The server reads the table; a cell with commas in it is shown in part here.
function cellsOf(line: string): string[] {
  return line.split(',').map((cell) => cell.trim().replace(/^"|"$/g, ''));
}

/** A secret as it may be shown: its end. */
function masked(secret: string): string {
  return `…${secret.slice(-SHOWN)}`;
}
