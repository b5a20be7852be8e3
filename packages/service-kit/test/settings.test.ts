import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  booleanSetting,
  databaseUrlSetting,
  durationSetting,
  integerSetting,
  listSetting,
  natsUrlSetting,
  readSettings,
  SettingsError,
  urlSetting,
} from '../src/index.js';

/** What one setting is read as; throws SettingsError. */
function read(setting: z.ZodType, text: string | undefined): unknown {
  return readSettings(z.object({ NAME: setting }), { NAME: text }).NAME;
}

function faultsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (err) {
    if (err instanceof SettingsError) return err.faults;
    throw err;
  }
  throw new Error('these settings are not bad');
}

describe('readSettings', () => {
  const schema = z.object({
    PORT: integerSetting({ min: 1, max: 65_535 }).default(8000),
    TTL: durationSetting(),
    PRETTY: booleanSetting(),
    DATABASE_URL: databaseUrlSetting(),
    KEY: z.string().min(16, { error: 'must have at least 16 characters' }),
    COLOUR: z.enum(['red', 'blue']).optional(),
  });
  const good = {
    TTL: '15m',
    PRETTY: '1',
    DATABASE_URL: 'postgresql://me:pass@db:5432/tasks',
    KEY: 'a key of sixteen',
  };

  it('reads typed values, uses defaults and ignores what it does not know', () => {
    expect(readSettings(schema, { ...good, PATH: '/bin' })).toEqual({
      ...good,
      PORT: 8000,
      TTL: 900_000,
      PRETTY: true,
    });
  });

  it('takes an empty variable as not set', () => {
    expect(readSettings(schema, { ...good, PORT: '', COLOUR: '' })).toMatchObject({ PORT: 8000 });
    expect(faultsOf(() => readSettings(schema, { ...good, TTL: '' }))).toEqual(['TTL is not set']);
  });

  it('lists every fault, one sentence for each, each with its name', () => {
    const env = { PORT: '0', PRETTY: 'yes', DATABASE_URL: 'mysql://db', KEY: 'short', COLOUR: 'green' };
    const faults = faultsOf(() => readSettings(schema, env));
    expect(faults).toHaveLength(6);
    expect(faults.map((fault) => fault.split(/:| is not set/)[0]).sort()).toEqual(
      ['COLOUR', 'DATABASE_URL', 'KEY', 'PORT', 'PRETTY', 'TTL'].sort(),
    );
    expect(faults).toContain('TTL is not set');
    expect(faults).toContain('KEY: must have at least 16 characters');
  });

  it('says all faults in its message', () => {
    const error = new SettingsError(['A is not set', 'B is not set']);
    expect(error.message).toBe('bad settings: A is not set; B is not set');
  });

  it('names the variable of a fault inside a list', () => {
    const faults = faultsOf(() => read(listSetting().pipe(z.array(z.string().max(3))), 'one,three'));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^NAME: /);
  });

  it('never shows the value of a secret or of an address', () => {
    const env = {
      ...good,
      KEY: 'tooshort-s3cret',
      DATABASE_URL: 'https://me:s3cret@db',
      NATS_URL: 'http://me:s3cret@nats',
      BASE_URL: 'ftp://me:s3cret@host',
    };
    const wide = schema.extend({ NATS_URL: natsUrlSetting(), BASE_URL: urlSetting(['https:']) });
    const faults = faultsOf(() => readSettings(wide, env));
    expect(faults).toHaveLength(4);
    expect(faults.join()).not.toContain('s3cret');
  });
});

describe('integerSetting', () => {
  it('reads every whole number within its bounds', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1000 }), (number) => {
        expect(read(integerSetting({ max: 1000 }), String(number))).toBe(number);
      }),
    );
  });

  it.each(['0', '11', '-1', '1.5', '1e1', '0x5', ' 5', '5 ', 'five', '9007199254740993'])('refuses %j', (text) => {
    expect(faultsOf(() => read(integerSetting({ min: 1, max: 10 }), text))).toEqual([
      `NAME: must be a whole number from 1 to 10, not "${text}"`,
    ]);
  });
});

describe('durationSetting', () => {
  it.each([
    ['0s', 0],
    ['90s', 90_000],
    ['15m', 900_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
  ])('reads %s', (text, ms) => {
    expect(read(durationSetting(), text)).toBe(ms);
  });

  it.each(['90', 's', '1.5h', '-1s', '1h30m', '5 m', '5w', '5S'])('refuses %j', (text) => {
    expect(faultsOf(() => read(durationSetting(), text))).toEqual([
      `NAME: must be a length of time such as 90s, 15m, 24h or 7d, not "${text}"`,
    ]);
  });
});

describe('booleanSetting', () => {
  it.each([
    ['true', true],
    ['1', true],
    ['false', false],
    ['0', false],
  ])('reads %s', (text, value) => {
    expect(read(booleanSetting(), text)).toBe(value);
  });

  it.each(['yes', 'no', 'TRUE', '2'])('refuses %j', (text) => {
    expect(faultsOf(() => read(booleanSetting(), text))).toEqual(['NAME: must be true or false']);
  });
});

describe('listSetting', () => {
  it.each([
    ['a', ['a']],
    [' a , b,c ', ['a', 'b', 'c']],
    ['a,,b,', ['a', 'b']],
    [' , ', []],
  ])('reads %j', (text, list) => {
    expect(read(listSetting(), text)).toEqual(list);
  });
});

describe('urlSetting', () => {
  const http = urlSetting(['http:', 'https:']);

  it.each([
    ['http://localhost:8000', 'http://localhost:8000'],
    ['https://api.x.ai/v1/', 'https://api.x.ai/v1'],
    ['https://api.x.ai//', 'https://api.x.ai'],
  ])('reads %s', (text, url) => {
    expect(read(http, text)).toBe(url);
  });

  it.each(['localhost:8000', 'ftp://host', '/path', 'http//host', 'https://'])('refuses %j', (text) => {
    expect(faultsOf(() => read(http, text))).toEqual(['NAME: must be a URL beginning with http:// or https://']);
  });
});

describe('natsUrlSetting', () => {
  it.each(['nats://localhost:4222', 'tls://me:pass@nats:4222', 'nats://one:4222, nats://two:4222'])(
    'reads %s',
    (text) => {
      expect(read(natsUrlSetting(), text)).toBe(text);
    },
  );

  it.each(['localhost:4222', 'http://nats', 'nats://one,two'])('refuses %j', (text) => {
    expect(faultsOf(() => read(natsUrlSetting(), text))).toHaveLength(1);
  });
});
