import type { Row } from './row.js';

/** The rows as a table in Markdown. */
export function table(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ measure, goal, result, reached }) => `| ${measure} | ${goal} | ${result} | ${reached ? 'yes' : '**no**'} |`,
  );
  return ['| measured | goal | result | reached |', '|---|---|---|---|', ...lines].join('\n');
}
