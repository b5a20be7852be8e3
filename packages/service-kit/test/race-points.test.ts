import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createRacePoints, racePointSettings, readSettings, refuseRacePoints, SettingsError } from '../src/index.js';

const POINTS = ['after-claim', 'before-commit'] as const;
const schema = z.object(racePointSettings(POINTS)).superRefine(refuseRacePoints);
const read = (env: NodeJS.ProcessEnv) => readSettings(schema, env).RACE_POINTS;

describe('race points', () => {
  it('are rules of a point, an action and when', () => {
    expect(read({ RACE_POINTS: 'after-claim:kill@2, before-commit:stop@1' })).toEqual([
      { point: 'after-claim', action: 'kill', nth: 2 },
      { point: 'before-commit', action: 'stop', nth: 1 },
    ]);
    expect(read({ NODE_ENV: 'production' })).toBeUndefined();
  });

  it.each(['after-lunch:kill@1', 'after-claim', 'after-claim:kill@0', 'after-claim:pause@1', 'after-claim:kill@1,,'])(
    'are refused when they are none: %s',
    (text) => {
      expect(() => read({ RACE_POINTS: text })).toThrow(/RACE_POINTS: must be like .* after-claim, before-commit/);
    },
  );

  it('are refused in production', () => {
    const production = { RACE_POINTS: 'after-claim:kill@1', NODE_ENV: 'production' };
    expect(() => read(production)).toThrow(SettingsError);
    expect(() => read(production)).toThrow('RACE_POINTS: is for tests: in production it is refused');
  });

  it('send their signal at the time that is set, once', () => {
    const sent: string[] = [];
    const log = { warn: () => {} };
    const rules = read({ RACE_POINTS: 'after-claim:kill@2,before-commit:stop@1' });
    const reached = createRacePoints(rules, log, (signal) => sent.push(signal));
    for (const point of ['after-claim', 'before-commit', 'after-claim', 'after-claim', 'before-commit'] as const) {
      reached?.(point);
    }
    expect(sent).toEqual(['SIGSTOP', 'SIGKILL']);
  });

  it('are no code at all without a rule', () => {
    expect(createRacePoints(read({}), { warn: () => {} })).toBeUndefined();
  });
});
