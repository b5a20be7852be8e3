import { expect, it } from 'vitest';
import { previewImport } from '../src/pages/credentials/import-preview.js';

it.each([
  ['', { type: 'text/plain', entries: [], isUnreadable: false }],
  [
    '# mine\n\nxai-one-1111\r\n xai-two-2222\n',
    {
      type: 'text/plain',
      entries: [
        { line: 3, secret: '…1111', label: '' },
        { line: 4, secret: '…2222', label: '' },
      ],
      isUnreadable: false,
    },
  ],
  [
    'Label,"Secret"\nFirst,xai-one-1111\n',
    { type: 'text/csv', entries: [{ line: 2, secret: '…1111', label: 'First' }], isUnreadable: false },
  ],
  [
    '{"credentials":[{"secret":"xai-one-1111","label":"First"},"xai-two-2222"]}',
    {
      type: 'application/json',
      entries: [
        { line: 1, secret: '…1111', label: 'First' },
        { line: 2, secret: '…2222', label: '' },
      ],
      isUnreadable: false,
    },
  ],
  ['[{', { type: 'application/json', entries: [], isUnreadable: true }],
])('shows of %j only what may be shown', (text, preview) => {
  expect(previewImport(text)).toEqual(preview);
});
