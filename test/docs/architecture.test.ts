import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TRANSITIONS } from '@grok2api/task-store';
import { expect, it } from 'vitest';

const text = readFileSync(fileURLToPath(new URL('../../ARCHITECTURE.md', import.meta.url)), 'utf8');

it('ARCHITECTURE.md shows the state machine as it is in code', () => {
  const [, section = ''] = /<!-- states -->\n([\s\S]*?)<!-- end of states -->/.exec(text) ?? [];
  const documented = section.trim().split('\n').slice(2);
  const inCode = Object.entries(TRANSITIONS).map(([change, { from, fenced, ...rest }]) => {
    const to = 'to' in rest ? rest.to : '–';
    return `| ${change} | ${from.join(', ')} | ${to} | ${fenced ? 'yes' : 'no'} |`;
  });
  expect(documented).toEqual(inCode);
});
