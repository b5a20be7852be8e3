import { expect, test } from 'vitest';
import { parseArguments } from '../src/arguments.js';

test('one video worker unless asked for more', () => {
  expect(parseArguments([])).toEqual({ help: false, videoWorkers: 1 });
  expect(parseArguments(['--video-workers', '4'])).toEqual({ help: false, videoWorkers: 4 });
  expect(parseArguments(['--video-workers=64'])).toEqual({ help: false, videoWorkers: 64 });
  expect(parseArguments(['--help'])).toEqual({ help: true, videoWorkers: 1 });
});

test.each(['0', '65', '-1', '1.5', 'many', ''])('--video-workers %j is refused in a sentence', (text) => {
  expect(() => parseArguments([`--video-workers=${text}`])).toThrow(
    `--video-workers must be a whole number from 1 to 64, not "${text}".`,
  );
});

test.each([[['--workers', '3']], [['stray']], [['--video-workers', '2', '--quick']]])(
  'an unknown argument is named: %j',
  (argv) => {
    const unknown = argv.find((argument) => !['--video-workers', '2'].includes(argument));
    expect(() => parseArguments(argv)).toThrow(new RegExp(`'${unknown}'.*: npm start -- --help`));
  },
);
